import { activeBackend } from '../../tensor/backend.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';

/** An operator at one size, to be timed. */
export interface BenchCase {
  /** Operator and size, e.g. `nms 2000 boxes`. */
  readonly name: string;
  /** What is averaged together, e.g. `nms`, `conv-forward`. */
  readonly group: string;
  /** Uploads the inputs, which stay on the GPU, and gives what is timed. */
  prepare(): {
    readonly inputs: readonly Tensor[];
    /** Records the operator once; its results are disposed of by the caller. */
    readonly run: () => readonly Tensor[];
  };
}

/** Wall time of one run in milliseconds, the wait for the GPU included. */
export interface BenchTime {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Runs of each case that are timed, after one that compiles. */
const RUNS = 5;

/** Times a case on the active backend. Not inside a training step: it waits for the GPU. */
export async function timeBenchCase(bench: BenchCase): Promise<BenchTime> {
  const { inputs, run } = bench.prepare();
  await timedRun(run);
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) times.push(await timedRun(run));
  tf.dispose([...inputs]);
  times.sort((a, b) => a - b);
  const at = (index: number): number => times[index] ?? Number.NaN;
  return { median: at((RUNS - 1) / 2), min: at(0), max: at(RUNS - 1) };
}

async function timedRun(run: () => readonly Tensor[]): Promise<number> {
  const backend = activeBackend();
  const start = performance.now();
  const results = tf.tidy(() => [...run()]);
  backend.flush();
  await backend.device.queue.onSubmittedWorkDone();
  const milliseconds = performance.now() - start;
  tf.dispose(results);
  return milliseconds;
}
