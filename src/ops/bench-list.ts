import { convBench } from './conv/conv-bench.ts';
import type { BenchCase } from './host/bench-case.ts';
import { matcherBench } from './matcher/matcher-bench.ts';
import { nmsBench } from './nms/nms-bench.ts';
import { roiAlignBench } from './roi-align/roi-align-bench.ts';
import { topKBench } from './top-k/top-k-bench.ts';

/** Every operator that is timed, in the order of the answer. */
export const benchCases: readonly BenchCase[] = [
  ...convBench,
  ...nmsBench,
  ...topKBench,
  ...roiAlignBench,
  ...matcherBench,
];
