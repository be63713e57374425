import { maxIouAssignReference } from '../../ops/matcher/max-iou-assign.reference.ts';
import type { AssignedImage } from '../../ops/matcher/max-iou-assign.reference.ts';
import { maxIouAssign } from '../../ops/matcher/max-iou-assign.ts';
import type { MaxIouAssignOptions } from '../../ops/matcher/max-iou-assign.ts';
import type { PackedCase } from '../../ops/oracle/parse-casepack.ts';
import { floats, ints, readOnGpu } from '../on-gpu.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter } from '../op-adapter.ts';
import { runTwin } from '../oracle-case.ts';
import type { Twin } from '../oracle-case.ts';
import { boxOverlaps, floatArray } from './boxes.ts';

export interface AssignInput {
  /** [N, 4], xyxy. */
  readonly anchors: Float32Array<ArrayBuffer>;
  /** [G, 4] */
  readonly gtBoxes: Float32Array<ArrayBuffer>;
  /** 0 … numClasses − 1 of each ground truth. */
  readonly gtLabels: readonly number[];
  /** [I, 4], where there are any. */
  readonly gtIgnoreBoxes?: Float32Array<ArrayBuffer>;
  readonly options: MaxIouAssignOptions;
  readonly numClasses: number;
}

/** One image whose anchors are all valid. */
export const assignTwin: Twin<AssignInput, AssignedImage> = {
  async webgpu({ anchors, gtBoxes, gtLabels, gtIgnoreBoxes: ignored, options, numClasses }) {
    const n = anchors.length / 4;
    const g = gtLabels.length;
    // The ops take at least one row, of which none need be real.
    const rows = Math.max(g, 1);
    const padded = new Float32Array(rows * 4);
    padded.set(gtBoxes);
    const [assigned, maxIou, labels, numPos] = await readOnGpu(() => {
      const result = maxIouAssign({
        anchors: floats(anchors, [n, 4]),
        valid: ints(everyAnchor(n), [1, n]),
        gtBoxes: floats(padded, [1, rows, 4]),
        gtLabels: ints([...gtLabels, ...(g === 0 ? [0] : [])], [1, rows]),
        gtCounts: ints([g], [1]),
        ...ignoredOnGpu(ignored),
        options,
        numClasses,
      });
      return [result.assigned, result.maxIou, result.labels, result.numPos];
    });
    return {
      assigned: [...(assigned?.data ?? [])],
      maxIou: [...(maxIou?.data ?? [])],
      labels: [...(labels?.data ?? [])],
      numPos: numPos?.data[0] ?? -1,
    };
  },
  reference: ({ options, numClasses, ...image }) =>
    maxIouAssignReference(
      {
        ...image,
        valid: everyAnchor(image.anchors.length / 4),
        gtLabels: Int32Array.from(image.gtLabels),
      },
      options,
      numClasses,
    ),
};

function ignoredOnGpu(boxes: Float32Array = new Float32Array()) {
  const count = boxes.length / 4;
  if (count === 0) return {};
  return { gtIgnoreBoxes: floats(boxes, [1, count, 4]), gtIgnoreCounts: ints([count], [1]) };
}

function everyAnchor(count: number): Int32Array<ArrayBuffer> {
  return new Int32Array(count).fill(1);
}

/** MMDetection counts −1 ignored, 0 background, k + 1 ground truth k; we count −2, −1, k. */
export function toGtInds(assigned: readonly number[]): number[] {
  return assigned.map((index) => index + 1);
}

/** One threshold, or a range [low, high). */
function threshold(c: PackedCase, key: string): number | readonly [number, number] {
  const [low = 0, high] = c.values(key);
  return high === undefined ? low : [low, high];
}

/** Labels do not matter to which ground truth an anchor gets: each its own. */
function anyLabels(gtBoxes: Float32Array): number[] {
  return Array.from({ length: gtBoxes.length / 4 }, (_, index) => index);
}

/** Between the thresholds −2, below both −1, else the ground truth: torchvision's numbers are ours. */
const torchvisionAdapter = opAdapter({
  op: 'tv_matcher',
  input: (c): AssignInput => {
    const gtBoxes = floatArray(c, 'gt');
    return {
      anchors: floatArray(c, 'anchors'),
      gtBoxes,
      gtLabels: anyLabels(gtBoxes),
      options: {
        posIouThr: c.number('high'),
        negIouThr: c.number('low'),
        matchLowQuality: c.flag('allow_low_quality'),
        lowQualityBy: 'prior',
      },
      numClasses: Math.max(gtBoxes.length / 4, 1),
    };
  },
  async run(input, backend) {
    const { iou } = await runTwin(boxOverlaps, backend, { a: input.gtBoxes, b: input.anchors });
    return { iou, matches: (await runTwin(assignTwin, backend, input)).assigned };
  },
  results: { iou: 'close', matches: 'exact' },
});

const mmdetAdapter = opAdapter({
  op: 'mmdet_assigner',
  input: (c): AssignInput => {
    const gtBoxes = floatArray(c, 'gt');
    return {
      anchors: floatArray(c, 'anchors'),
      gtBoxes,
      gtLabels: anyLabels(gtBoxes),
      options: {
        posIouThr: c.number('pos_iou_thr'),
        negIouThr: threshold(c, 'neg_iou_thr'),
        minPosIou: c.number('min_pos_iou'),
        matchLowQuality: c.flag('match_low_quality'),
        gtMaxAssignAll: !c.has('gt_max_assign_all') || c.flag('gt_max_assign_all'),
      },
      numClasses: Math.max(gtBoxes.length / 4, 1),
    };
  },
  run: async (input, backend) => ({
    gt_inds: toGtInds((await runTwin(assignTwin, backend, input)).assigned),
  }),
  results: { gt_inds: 'exact' },
});
export const ASSIGNER_ADAPTERS: readonly OpAdapter[] = [mmdetAdapter, torchvisionAdapter];
