import { expect } from 'vitest';
import { centralDifferences } from '../../ops/host/central-differences.ts';
import { describeOnGpu, expectClose, gpuTest } from '../../ops/host/describe-on-backends.ts';
import { variedValues } from '../../ops/host/varied-values.ts';
import { readIntTensor, readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor3D } from '../../tensor/tf.ts';
import { uploadFloats, uploadInts } from '../../tensor/upload.ts';
import type { FcosLevel } from '../dense-heads/fcos-head.ts';
import { Fcos } from './fcos.ts';
import type { FcosOptions } from './fcos.ts';

const K = 2;
/** 16 × 24 pixels: points 2 × 3 of stride 8, 1 × 2 of stride 16, 1 × 1 of stride 32. */
const INPUT_SIZE = [2, 16, 24] as const;
const LEVELS = [
  [2, 3, 8],
  [1, 2, 16],
  [1, 1, 32],
] as const;
const POINTS = LEVELS.reduce((total, [height, width]) => total + height * width, 0);

const improved: FcosOptions = {
  type: 'FCOS',
  backbone: {
    depth: 18,
    baseChannels: 8,
    frozenStages: -1,
    normEval: false,
    norm: { type: 'BN', requiresGrad: true },
    style: 'pytorch',
    zeroInitResidual: false,
  },
  neck: {
    outChannels: 8,
    startLevel: 1,
    numOuts: 3,
    addExtraConvs: false,
    reluBeforeExtraConvs: false,
  },
  preprocess: { mean: [0, 0, 0], std: [1, 1, 1], rgb: true },
  head: {
    numClasses: K,
    featChannels: 8,
    stackedConvs: 1,
    strides: LEVELS.map(([, , stride]) => stride),
    normOnBbox: true,
    centernessOnReg: true,
    convBias: true,
    norm: { type: 'GN', requiresGrad: true, numGroups: 2 },
  },
  regressRanges: [
    [-1, 12],
    [12, 20],
    [12, 1e8],
  ],
  centerSampling: 1.5,
  lossCls: { gamma: 2, alpha: 0.25, lossWeight: 0.7 },
  lossBbox: { type: 'GIoULoss', lossWeight: 2, eps: 1e-6 },
  lossCenterness: { lossWeight: 1.5 },
  test: {
    nmsPre: 1000,
    minBboxSize: 0,
    scoreThr: 0.3,
    nms: { type: 'nms', iouThreshold: 0.5, classAgnostic: false },
    maxPerImg: 4,
  },
};

/** As in the paper's first version. */
const plain: FcosOptions = {
  ...improved,
  head: { ...improved.head, normOnBbox: false, centernessOnReg: false },
  centerSampling: null,
  lossBbox: { type: 'IoULoss', lossWeight: 1, eps: 1e-6, mode: 'log' },
};

const GT_BOXES = [
  [
    [1, 2, 15, 13],
    [0, 0, 24, 16],
  ],
  [
    [9, 1, 23, 14],
    [0, 0, 0, 0],
  ],
];
const GT_LABELS = [
  [1, 0],
  [0, 0],
];

async function withModel(options: FcosOptions, body: (model: Fcos) => Promise<void>) {
  await tf.ready();
  const model = new Fcos(options, 3);
  await body(model);
  model.dispose();
}

/** Parts of one image's and point's outputs in a flat list of them all: K logits, 4 distances, a centerness. */
const PER_POINT = K + 5;

/** The outputs of all levels as the head gives them, from the flat list [B, N, K + 5]. */
function levelsOf(outputs: Tensor3D): readonly FcosLevel[] {
  let start = 0;
  return LEVELS.map(([height, width]) => {
    const own = (from: number, size: number) =>
      tf.slice3d(outputs, [0, start, from], [2, height * width, size]);
    const level = { clsScore: own(0, K), bboxPred: own(K, 4), centerness: own(K + 4, 1) };
    start += height * width;
    return level;
  });
}

/** Outputs around what training meets: logits of both signs, distances above 0. */
function variedOutputs(): Float32Array<ArrayBuffer> {
  return variedValues(2 * POINTS * PER_POINT, 4).map((value, i) => {
    const part = i % PER_POINT;
    return part < K || part === K + 4 ? 2 * value : 1.1 + value * 0.9;
  });
}

function targetsOf(model: Fcos, gtCounts = [2, 1]) {
  const shapes = uploadInts(Int32Array.of(16, 24, 16, 24), [2, 2]).as2D(2, 2);
  return model.targets({
    inputSize: INPUT_SIZE,
    imgShapes: shapes,
    padShapes: shapes,
    batchShapes: shapes,
    gtBoxes: uploadFloats(Float32Array.from(GT_BOXES.flat(2)), [2, 2, 4]).as3D(2, 2, 4),
    gtLabels: uploadInts(Int32Array.from(GT_LABELS.flat()), [2, 2]).as2D(2, 2),
    gtCounts: uploadInts(Int32Array.from(gtCounts), [2]),
    gtIgnore: null,
    randomKey: uploadInts(new Int32Array(2), [2]),
  });
}

interface HostTargets {
  readonly labels: ArrayLike<number>;
  readonly distances: ArrayLike<number>;
}

const EPS = 1.1920929e-7;

/**
 * MMDetection 3.x `FCOSHead.loss_by_feat`, step by step in float64: positives are gathered, targets and predictions are
 * both decoded around their points as they come (so with `norm_on_bbox` in strides), and centerness follows from the
 * distances.
 */
function lossesByFeat(
  outputs: ArrayLike<number>,
  { labels, distances }: HostTargets,
  { lossCls, lossBbox, lossCenterness }: FcosOptions,
): number[] {
  const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
  const positives = Array.from(labels, (label, i) => (label < K ? i : -1)).filter((i) => i >= 0);
  const numPos = Math.max(positives.length, 1);
  let cls = 0;
  for (let i = 0; i < labels.length; i++)
    for (let k = 0; k < K; k++) {
      const x = outputs[i * PER_POINT + k] ?? Number.NaN;
      const isTarget = labels[i] === k;
      const p = 1 / (1 + Math.exp(-x));
      const wrong = isTarget ? 1 - p : p;
      const weight = (isTarget ? lossCls.alpha : 1 - lossCls.alpha) * wrong ** lossCls.gamma;
      cls += weight * softplus(isTarget ? -x : x);
    }
  let bbox = 0;
  let centerness = 0;
  let denominator = 0;
  for (const i of positives) {
    const target = [0, 1, 2, 3].map((side) => distances[i * 4 + side] ?? Number.NaN);
    const pred = [0, 1, 2, 3].map((side) => outputs[i * PER_POINT + K + side] ?? Number.NaN);
    const ratio = (a = Number.NaN, b = Number.NaN) => Math.min(a, b) / Math.max(a, b);
    const goal = Math.sqrt(ratio(target[0], target[2]) * ratio(target[1], target[3]));
    denominator += goal;
    bbox += goal * overlapLoss(pred, target, lossBbox);
    const x = outputs[i * PER_POINT + K + 4] ?? Number.NaN;
    centerness += goal * softplus(-x) + (1 - goal) * softplus(x);
  }
  return [
    (cls / (numPos + EPS)) * lossCls.lossWeight,
    (bbox / (Math.max(denominator, 1e-6) + EPS)) * lossBbox.lossWeight,
    (centerness / (numPos + EPS)) * lossCenterness.lossWeight,
  ];
}

/** −ln IoU or 1 − GIoU of two boxes around one point, given by their distances to it. */
function overlapLoss(
  a: readonly number[],
  b: readonly number[],
  { type }: FcosOptions['lossBbox'],
): number {
  const area = ([l = 0, t = 0, r = 0, d = 0]: readonly number[]) => (l + r) * (t + d);
  const shared = area(a.map((side, i) => Math.min(side, b[i] ?? 0)));
  const hull = area(a.map((side, i) => Math.max(side, b[i] ?? 0)));
  const union = area(a) + area(b) - shared;
  if (type === 'IoULoss') return -Math.log(shared / union);
  return 1 - (shared / union - (hull - union) / hull);
}

describeOnGpu('FCOS', () => {
  for (const [name, options] of [
    ['distances in strides, GIoU, centre sampling', improved],
    ['distances in pixels, IoU, whole boxes', plain],
  ] as const) {
    gpuTest(`${name}: losses and their gradient by the head's outputs`, () =>
      withModel(options, async (model) => {
        const unit = options.head.normOnBbox ? 1 : 6;
        const outputs = variedOutputs().map((value, i) => {
          const part = i % PER_POINT;
          return part >= K && part < K + 4 ? value * unit : value;
        });
        const targets = tf.tidy(() => ({ ...targetsOf(model) }));
        const input = tf.tensor3d(outputs, [2, POINTS, PER_POINT]);
        const losses = tf.tidy(() => [...model.losses(levelsOf(input), targets)]);
        const grad = tf.tidy(() =>
          tf.grad((x: Tensor) =>
            tf.addN([...model.losses(levelsOf(x.as3D(2, POINTS, PER_POINT)), targets)]),
          )(input),
        );
        const host = {
          labels: await readIntTensor(targets.labels),
          distances: await readTensor(targets.distances),
        };
        const positives = Array.from(host.labels).filter((label) => label < K);
        expect(new Set(positives)).toEqual(new Set([0, 1]));
        const own = await Promise.all(losses.map(async (loss) => (await readTensor(loss))[0]));
        const wanted = lossesByFeat(outputs, host, options);
        expectClose(
          own.map((value) => value ?? Number.NaN),
          wanted,
          { absolute: 0, relative: 1e-5 },
        );
        const total = (x: ArrayLike<number>) =>
          lossesByFeat(x, host, options).reduce((sum, loss) => sum + loss, 0);
        expectClose(await readTensor(grad), centralDifferences(total, outputs), {
          absolute: 2e-6,
          relative: 1e-4,
        });
        // The points are the model's own.
        const { points, ...rest } = targets;
        expect(points.isDisposed).toBe(false);
        tf.dispose([input, grad, ...losses, ...Object.values(rest)]);
      }),
    );
  }

  gpuTest('without ground truth the class loss remains, and the others are 0', () =>
    withModel(improved, async (model) => {
      const outputs = variedOutputs();
      const losses = tf.tidy(() => {
        const input = tf.tensor3d(outputs, [2, POINTS, PER_POINT]);
        return [...model.losses(levelsOf(input), targetsOf(model, [0, 0]))];
      });
      const own = await Promise.all(losses.map(async (loss) => (await readTensor(loss))[0]));
      const host = { labels: Array.from({ length: 2 * POINTS }, () => K), distances: [] };
      const [cls = Number.NaN] = lossesByFeat(outputs, host, improved);
      expect(own[0]).toBeCloseTo(cls, 4);
      expect(own.slice(1)).toEqual([0, 0]);
      tf.dispose(losses);
    }),
  );

  gpuTest('detections: distances around points, clipped, scores times centerness', () =>
    withModel(improved, async (model) => {
      const logit = (p: number) => Math.log(p / (1 - p));
      const outputs = new Float32Array(2 * POINTS * PER_POINT).fill(-20);
      const put = (image: number, point: number, values: readonly number[]) =>
        outputs.set(values, (image * POINTS + point) * PER_POINT);
      // Point 4 is (12, 12); its lower side is beyond the image. The class score of 0.25 is below the threshold.
      put(0, 4, [logit(0.9), logit(0.25), 10, 4, 6, 9, logit(0.5)]);
      // Point 6 is (8, 8), of the second level; its score falls under the threshold by its centerness only.
      put(1, 6, [-20, logit(0.8), 8, 7, 6, 5, logit(0.1)]);
      const result = tf.tidy(() => {
        const input = tf.tensor3d(outputs, [2, POINTS, PER_POINT]);
        const imgShapes = uploadInts(Int32Array.of(16, 24, 16, 24), [2, 2]).as2D(2, 2);
        const images = { imgShapes, batchShapes: imgShapes, inputSize: INPUT_SIZE };
        return { ...model.detect(levelsOf(input), images, { scaleFactors: null }) };
      });
      const [boxes, scores, labels, counts] = await Promise.all([
        readTensor(result.boxes),
        readTensor(result.scores),
        readIntTensor(result.labels),
        readIntTensor(result.counts),
      ]);
      tf.dispose(Object.values(result));
      expect([...counts]).toEqual([1, 1]);
      expect([labels[0], labels[4]]).toEqual([0, 1]);
      expectClose([scores[0] ?? 0, scores[4] ?? 0], [0.45, 0.08]);
      expectClose(boxes.subarray(0, 4), [2, 8, 18, 16]);
      expectClose(boxes.subarray(16, 20), [0, 1, 14, 13]);
    }),
  );
});
