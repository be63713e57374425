import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTensors } from '../../tensor/start.ts';
import type { TensorHost } from '../../tensor/start.ts';
import { tf } from '../../tensor/tf.ts';

/** One table of cases, run on the slow twin and on the GPU. Used by `*.gpu.test.ts` only. */
export interface KernelSuite<C extends { readonly name: string }, O> {
  readonly cases: readonly C[];
  /** The slow twin: plain loops on arrays. */
  reference(input: C): O;
  /** The kernel; reads its result back with `readTensor`. Tensors it leaves undisposed fail the test. */
  webgpu(input: C): Promise<O>;
  /** Throws (with `expect`) when `actual` differs from `expected` by more than the suite's tolerance. */
  compare(actual: O, expected: O, input: C): void;
  /** Known answer of a case (worked out by hand, or from a fixture); checked on both backends where it is given. */
  expected?(input: C): O | undefined;
}

/** Registers every case of a kernel once per backend. GPU cases carry `meta.backend = 'webgpu'`, which the runner counts. */
export function describeOnBackends<C extends { readonly name: string }, O>(
  name: string,
  suite: KernelSuite<C, O>,
): void {
  describe(name, () => {
    for (const input of suite.cases) {
      test(`${input.name} (reference)`, () => {
        const known = suite.expected?.(input);
        const actual = suite.reference(input);
        if (known !== undefined) suite.compare(actual, known, input);
      });
    }
    describeOnGpu(name, () => {
      for (const input of suite.cases) {
        gpuTest(input.name, async () => {
          const actual = await suite.webgpu(input);
          suite.compare(actual, suite.reference(input), input);
          const known = suite.expected?.(input);
          if (known !== undefined) suite.compare(actual, known, input);
        });
      }
    });
  });
}

/** A block whose tests run on a real WebGPU device; any GPU error fails the test during which it is reported. */
export function describeOnGpu(name: string, body: () => void): void {
  describe(`${name} on webgpu`, () => {
    beforeAll(async () => {
      await sharedHost();
    });
    afterAll(async () => {
      await sharedHost().then((host) => host.backend.device.queue.onSubmittedWorkDone());
      expect(errors).toEqual([]);
    });
    body();
  });
}

/** A test on the GPU that also fails when tensors leak or when the device reports an error. */
export function gpuTest(name: string, body: () => Promise<void>): void {
  test(`${name} (webgpu)`, async ({ task }) => {
    Object.assign(task.meta, { backend: 'webgpu' });
    const before = tf.memory().numTensors;
    await body();
    expect(errors).toEqual([]);
    expect(tf.memory().numTensors, 'tensors leaked').toBe(before);
  });
}

const errors: string[] = [];
let host: Promise<TensorHost> | undefined;

/** One device for all suites of a file. */
export function sharedHost(): Promise<TensorHost> {
  host ??= startTensors(navigator.gpu, navigator.userAgent, (error) => {
    errors.push(`${error.what} ${error.why ?? ''}`);
  });
  return host;
}

/** Asserts |actual − expected| ≤ absolute + relative·|expected| for each element, and says where it fails. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute = 1e-5, relative = 1e-4 }: { absolute?: number; relative?: number } = {},
): void {
  expect(actual.length, 'length').toBe(expected.length);
  for (let index = 0; index < expected.length; index++) {
    const want = expected[index] ?? Number.NaN;
    const got = actual[index] ?? Number.NaN;
    const ok = Object.is(got, want) || Math.abs(got - want) <= absolute + relative * Math.abs(want);
    if (!ok) expect.fail(`element ${index}: got ${got}, want ${want}`);
  }
}
