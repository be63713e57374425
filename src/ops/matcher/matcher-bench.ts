import { tf } from '../../tensor/tf.ts';
import { benchBoxes } from '../host/bench-boxes.ts';
import type { BenchCase } from '../host/bench-case.ts';
import { maxIouAssign } from './max-iou-assign.ts';

const ANCHORS = 20_000;
const GTS = 16;

export const matcherBench: readonly BenchCase[] = [
  {
    name: `match ${ANCHORS} anchors with ${GTS} ground truths`,
    group: 'matching',
    prepare() {
      const anchors = tf.tensor2d(benchBoxes(ANCHORS, 1), [ANCHORS, 4]);
      const gtBoxes = tf.tensor3d(benchBoxes(GTS, 2), [1, GTS, 4]);
      const gtLabels = tf.zeros([1, GTS], 'int32');
      const gtCounts = tf.tensor1d([GTS], 'int32');
      const valid = tf.tensor1d([ANCHORS], 'int32');
      return {
        inputs: [anchors, gtBoxes, gtLabels, gtCounts, valid],
        run() {
          const options = { posIouThr: 0.5, negIouThr: 0.4 };
          const batch = { anchors, valid, gtBoxes, gtLabels, gtCounts };
          const { assigned, labels, maxIou, numPos } = maxIouAssign({
            ...batch,
            options,
            numClasses: 80,
          });
          return [assigned, labels, maxIou, numPos];
        },
      };
    },
  },
];
