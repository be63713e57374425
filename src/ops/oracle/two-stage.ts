import { readCasepack } from './casepack.ts';

/** One image of a two-stage fixture's first training step; boxes xyxy, indices ascending. */
export interface TwoStageImage {
  readonly gtBoxes: Float32Array<ArrayBuffer>;
  readonly gtLabels: Int32Array<ArrayBuffer>;
  /** Anchors that the RPN's loss is taken of. */
  readonly rpnPos: readonly number[];
  readonly rpnNeg: readonly number[];
  readonly proposals: Float32Array<ArrayBuffer>;
  /** The sampled RoIs in their order, [S, 4]. */
  readonly rois: Float32Array<ArrayBuffer>;
  readonly roiLabels: readonly number[];
  /** Deltas of the positives among them, in order, [·, 4]. */
  readonly roiDeltas: readonly number[];
}

/** Inputs and intermediate results of a two-stage model's first step. */
export interface TwoStageFixture {
  /** Of all levels, [N, 4]. */
  readonly anchors: Float32Array<ArrayBuffer>;
  readonly images: readonly TwoStageImage[];
}

async function readFixture(name: string) {
  const fixture = await readCasepack(`models/${name}/fixture`);
  const byOp = (op: string) => {
    const found = fixture?.find((item) => item.op === op);
    if (found === undefined) throw new Error(`readFixture: ${name} has no case ${op}`);
    return found;
  };
  return fixture === undefined ? undefined : { byOp, targets: byOp('inputs').list('targets') };
}

/** The fixture by MMDetection's rules; undefined where it is absent. */
export async function mmdetTwoStage(): Promise<TwoStageFixture | undefined> {
  const fixture = await readFixture('mm_fasterrcnn_r26w8');
  if (fixture === undefined) return undefined;
  const perImage = fixture.byOp('train_internals').list('per_image');
  const levels = fixture.byOp('anchors').arrays('anchors');
  // The last entry holds the RoIs of the batch.
  const batch = perImage.at(-1);
  const rois = Float32Array.from(batch?.array('rois').data ?? []);
  const labels = Array.from(batch?.array('roi_labels').data ?? []);
  const deltas = Array.from(batch?.array('roi_reg_targets').data ?? []);
  let roi = 0;
  let delta = 0;
  return {
    anchors: Float32Array.from(levels.flatMap(({ data }) => Array.from(data))),
    images: fixture.targets.map((target, index) => {
      const own = perImage[index];
      const numbers = (key: string) => Array.from(own?.array(key).data ?? []);
      const count = numbers('roi_pos').length + numbers('roi_neg').length;
      const positives = numbers('roi_pos').length;
      const rows = Array.from({ length: count }, (_, row) => (roi + row) * 5);
      const image = {
        gtBoxes: Float32Array.from(target.array('boxes').data),
        gtLabels: Int32Array.from(target.array('labels').data),
        rpnPos: numbers('rpn_pos'),
        rpnNeg: numbers('rpn_neg'),
        proposals: Float32Array.from(numbers('proposals')),
        rois: Float32Array.from(rows.flatMap((row) => [...rois.subarray(row + 1, row + 5)])),
        roiLabels: labels.slice(roi, roi + count),
        roiDeltas: deltas.slice(delta * 4, (delta + positives) * 4),
      };
      roi += count;
      delta += positives;
      return image;
    }),
  };
}

/** The fixture by torchvision's rules; undefined where it is absent. */
export async function torchvisionTwoStage(): Promise<TwoStageFixture | undefined> {
  const fixture = await readFixture('tv_fasterrcnn_r18w16');
  if (fixture === undefined) return undefined;
  const internals = fixture.byOp('train_internals');
  return {
    anchors: Float32Array.from(fixture.byOp('anchors').array('anchors').data),
    images: fixture.targets.map((target, index) => {
      const numbers = (key: string) => Array.from(internals.arrays(key)[index]?.data ?? []);
      const roiLabels = numbers('roi_labels');
      return {
        gtBoxes: Float32Array.from(target.array('boxes').data),
        gtLabels: Int32Array.from(target.array('labels').data),
        rpnPos: numbers('rpn_sampled_pos'),
        rpnNeg: numbers('rpn_sampled_neg'),
        proposals: Float32Array.from(numbers('proposals_train')),
        rois: Float32Array.from(numbers('roi_boxes')),
        roiLabels,
        roiDeltas: numbers('roi_reg_targets').filter(
          (_, element) => (roiLabels[Math.floor(element / 4)] ?? 0) > 0,
        ),
      };
    }),
  };
}
