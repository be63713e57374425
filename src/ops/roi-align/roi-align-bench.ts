import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor4D } from '../../tensor/tf.ts';
import { benchBoxes } from '../host/bench-boxes.ts';
import type { BenchCase } from '../host/bench-case.ts';
import { variedValues } from '../host/varied-values.ts';
import { mapRoiLevels } from '../roi-levels/roi-levels.ts';
import { roiAlign } from './roi-align.ts';

const ROIS = 128;
const CHANNELS = 64;
/** P2 … P5 of a 256-pixel square. */
const SIDES = [64, 32, 16, 8];

function prepareWith(run: (maps: readonly Tensor4D[], rois: Tensor, levels: Tensor) => Tensor[]) {
  const maps = SIDES.map((side) =>
    tf.tensor4d(variedValues(side * side * CHANNELS, side), [1, side, side, CHANNELS]),
  );
  const rows = Array.from({ length: ROIS }, (_, i) => [
    0,
    ...benchBoxes(ROIS, 3)
      .subarray(i * 4, i * 4 + 4)
      .map((side) => side / 4),
  ]);
  const rois = tf.tensor2d(rows, [ROIS, 5]);
  const levels = mapRoiLevels(rois, { rule: 'mmdetection', finestScale: 8, numLevels: 4 });
  return { inputs: [...maps, rois, levels], run: () => run(maps, rois, levels) };
}

const OPTIONS = {
  spatialScales: SIDES.map((side) => side / 256),
  outputSize: [7, 7],
  samplingRatio: 0,
  aligned: true,
} as const;

export const roiAlignBench: readonly BenchCase[] = [
  {
    name: `RoIAlign ${ROIS} RoIs ${CHANNELS} channels`,
    group: 'roi-align',
    prepare: () => prepareWith((maps, rois, levels) => [roiAlign(maps, rois, levels, OPTIONS)]),
  },
  {
    name: `RoIAlign ${ROIS} RoIs ${CHANNELS} channels with gradient`,
    group: 'roi-align',
    prepare: () =>
      prepareWith((maps, rois, levels) => {
        const gradient = tf.grads((...xs: Tensor[]) =>
          roiAlign(
            xs.map((x) => x.as4D(...sides(x))),
            rois,
            levels,
            OPTIONS,
          ),
        );
        return gradient([...maps]);
      }),
  },
];

function sides({ shape }: Tensor): [number, number, number, number] {
  const [batch = 0, height = 0, width = 0, channels = 0] = shape;
  return [batch, height, width, channels];
}
