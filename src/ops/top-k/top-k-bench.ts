import { tf } from '../../tensor/tf.ts';
import { benchScores } from '../host/bench-boxes.ts';
import type { BenchCase } from '../host/bench-case.ts';
import { filterScoresAndTopK } from './filter-scores-and-top-k.ts';

export const topKBench: readonly BenchCase[] = [
  {
    name: 'top 1000 of 100000',
    group: 'top-k',
    prepare() {
      const logits = tf.tensor3d(benchScores(100_000, 1), [1, 100_000, 1]);
      return {
        inputs: [logits],
        run() {
          const input = { logits, levelSizes: [100_000], scoreThreshold: null, k: 1000 };
          const { elements, scores } = filterScoresAndTopK(input);
          return [elements, scores];
        },
      };
    },
  },
];
