import { tf } from '../../tensor/tf.ts';
import { benchBoxes, benchScores } from '../host/bench-boxes.ts';
import type { BenchCase } from '../host/bench-case.ts';
import { nms } from './nms.ts';

export const nmsBench: readonly BenchCase[] = [1000, 5000].map((count) => ({
  name: `nms ${count} boxes`,
  group: 'nms',
  prepare() {
    const boxes = tf.tensor2d(benchBoxes(count, 1), [count, 4]);
    const scores = tf.tensor1d(benchScores(count, 2));
    return {
      inputs: [boxes, scores],
      run() {
        const { keep, count: kept } = nms(boxes, scores, 0.7, 1000);
        return [keep, kept];
      },
    };
  },
}));
