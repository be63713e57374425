import { rng } from '../../base/rng.ts';
import { randomEighths } from '../delta-coder/random-boxes.ts';
import type { LossAndGrad } from '../loss-sum/loss-and-grad.ts';
import type { DecodedBy } from './iou-loss.reference.ts';
import type { IouLossOptions } from './iou-loss.ts';

/** A case of the IoU losses' tests. */
export interface IouCase extends DecodedBy {
  readonly name: string;
  /** [B · N, 4] */
  readonly pred: readonly number[];
  readonly batch?: number;
  /** [B · N, 4], or per image [G, 4] with `matched`. */
  readonly targets: readonly number[];
  readonly matched?: boolean;
  readonly assigned?: readonly number[];
  readonly weights?: readonly number[];
  /** One, or one per image. */
  readonly avgFactor: number | readonly number[];
  readonly options: IouLossOptions;
  readonly upstream?: number;
  readonly expected?: LossAndGrad;
}

export const MEASURES = ['log', 'linear', 'square', 'giou'] as const;
const random = rng(31);
const normals = (count: number, scale: number) =>
  Array.from({ length: count }, () => Math.fround(random.normal() * scale));

/** Boxes that overlap those of `boxes` more or less. */
const near = (boxes: readonly number[]) =>
  boxes.map((value, index) => value + (index % 4 < 2 ? -1 : 1) * (random.int(0, 80) / 16));

const square = [0, 0, 10, 10];
const byHand: IouCase[] = [
  // I 50, U 150. x2 adds 10 to I, x1 adds 10 to U as it falls; y1 and y2 tie with the other's: half of each slope, and
  // the IoU stays as it is.
  ...(
    [
      ['log', Math.log(3), -3],
      ['linear', 2 / 3, -1],
      ['square', 8 / 9, -2 / 3],
    ] as const
  ).map(([measure, loss, byIou]): IouCase => ({
    name: `half a width apart, ${measure}`,
    pred: square,
    targets: [5, 0, 15, 10],
    avgFactor: 1,
    options: { measure },
    expected: { loss, grad: [byIou / 45, 0, byIou / 15, 0] },
  })),
  {
    name: 'apart: −ln of the least IoU and no slope',
    pred: square,
    targets: [20, 0, 30, 10],
    avgFactor: 1,
    options: { eps: 0.01 },
    expected: { loss: Math.log(100), grad: [0, 0, 0, 0] },
  },
  ...MEASURES.map((measure): IouCase => ({
    name: `equal boxes, ${measure}: no loss and no slope`,
    pred: square,
    targets: square,
    avgFactor: 1,
    options: { measure },
    expected: { loss: 0, grad: [0, 0, 0, 0] },
  })),
  {
    name: 'a box without area',
    pred: [5, 5, 5, 5],
    targets: square,
    avgFactor: 1,
    options: {},
    expected: { loss: -Math.log(1e-6), grad: [0, 0, 0, 0] },
  },
  {
    name: 'rows without weight are not looked at',
    pred: [Number.NaN, 0, 1, 1, 0, 0, 9, 9],
    targets: [...square, ...square],
    weights: [0, 0],
    avgFactor: 0,
    options: {},
    expected: { loss: 0, grad: Array.from({ length: 8 }, () => 0) },
  },
];

function randomCases(): IouCase[] {
  const cases: IouCase[] = [];
  const anchors = randomEighths(random, 70);
  for (const measure of MEASURES) {
    const options = { measure };
    const goals = near(anchors);
    cases.push(
      { name: `70 plain boxes, ${measure}`, pred: anchors, targets: goals, avgFactor: 9, options },
      {
        name: `two images of deltas, own goals where assigned, weights, ${measure}`,
        pred: normals(anchors.length, 1),
        anchors: anchors.slice(0, anchors.length / 2),
        coder: { stds: [0.1, 0.1, 0.2, 0.2], means: [0, 0.1, 0, -0.1], whRatioClip: 0.8 },
        batch: 2,
        targets: goals,
        assigned: Array.from({ length: 70 }, () => random.int(-2, 3)),
        weights: Array.from({ length: 70 }, () => random.int(0, 8) / 4),
        avgFactor: 30,
        options: { ...options, lossWeight: 10 },
        upstream: 0.5,
      },
    );
    for (const strided of [true, false]) {
      const points = Array.from({ length: 35 }, () => {
        const stride = 2 ** random.int(1, 4);
        return [random.int(40, 60), random.int(30, 50), stride, stride];
      }).flat();
      cases.push({
        name: `three images of FCOS distances${strided ? '' : ' in pixels'}, matched, centerness, ${measure}`,
        pred: Array.from({ length: 3 * 35 * 4 }, () => random.int(strided ? 8 : 40, 160) / 16),
        points,
        strided,
        batch: 3,
        matched: true,
        targets: Array.from({ length: 3 * 2 }, () => {
          const [x, y] = [random.int(20, 39), random.int(10, 29)];
          return [x, y, x + random.int(30, 60) + 0.3, y + random.int(30, 60) + 0.3];
        }).flat(),
        assigned: Array.from({ length: 3 * 35 }, () => random.int(-2, 2)),
        weights: Array.from({ length: 3 * 35 }, () => Math.fround(random.float())),
        avgFactor: measure === 'linear' ? [3, 1, 8] : 11,
        options,
      });
    }
  }
  return cases;
}

/** Cases by hand, and random ones of every form and measure. */
export const IOU_CASES: readonly IouCase[] = [...byHand, ...randomCases()];
