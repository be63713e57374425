import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { centralDifferences, dot } from '../host/central-differences.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { variedValues } from '../host/varied-values.ts';
import { scaledDistancesReference } from './scaled-distances.reference.ts';
import { scaledDistances } from './scaled-distances.ts';
import type { ScaledDistancesOptions } from './scaled-distances.ts';

interface Case {
  readonly name: string;
  readonly pred: readonly number[];
  readonly scale: number;
  readonly dy: readonly number[];
  readonly options: ScaledDistancesOptions;
  readonly expected?: Outcome;
}

type Outcome = ReturnType<typeof scaledDistancesReference>;

const linear: ScaledDistancesOptions = { form: 'linear' };
const exp: ScaledDistancesOptions = { form: 'exp' };

function varied(count: number, options: ScaledDistancesOptions, scale: number): Case {
  const own = `${count} values, ${options.form}, scale ${scale}, unit ${options.unit ?? 1}`;
  return {
    name: own,
    pred: [...variedValues(count, 1)],
    dy: [...variedValues(count, 2)],
    scale,
    options,
  };
}

const cases: Case[] = [
  {
    name: 'by hand: a slope of 1 at 0, also at a scale of 0',
    pred: [-1, 0, 2, -0],
    scale: 3,
    dy: [10, 20, 30, 40],
    options: { form: 'linear', unit: 8 },
    expected: { distances: [0, 0, 48, 0], dPred: [0, 480, 720, 960], dScale: 480 },
  },
  {
    name: 'by hand: exp',
    pred: [0, Math.LN2],
    scale: 1,
    dy: [1, 3],
    options: exp,
    expected: { distances: [1, 2], dPred: [1, 6], dScale: 6 * Math.LN2 },
  },
  { name: 'scale 0', pred: [-1, 5], scale: 0, dy: [1, 1], options: linear },
  { name: 'one value', pred: [0.5], scale: -1, dy: [2], options: linear },
  varied(131, linear, 1.25),
  varied(131, exp, -0.75),
  varied(4 * 33 * 41, linear, 0.5),
  varied(70_001, exp, 1),
  varied(600_000, { form: 'linear', unit: 16 }, 1),
];

async function onGpu({ pred, scale, dy, options }: Omit<Case, 'name'>): Promise<Outcome> {
  const inputs = [tf.tensor1d([...pred]), tf.scalar(scale), tf.tensor1d([...dy])] as const;
  const [x, s, upstream] = inputs;
  const distances = scaledDistances(x, s, options);
  const grads = tf.grads((a, b) => scaledDistances(a, b, options))([x, s], upstream);
  const [values, dPred, dScale] = await Promise.all(
    [distances, ...grads].map((tensor) => readTensor(tensor)),
  );
  tf.dispose([...inputs, distances, ...grads]);
  return {
    distances: [...(values ?? [])],
    dPred: [...(dPred ?? [])],
    dScale: dScale?.[0] ?? Number.NaN,
  };
}

describeOnBackends<Case, Outcome>('scaledDistances', {
  cases,
  reference: ({ pred, scale, dy, options }) => scaledDistancesReference(pred, scale, dy, options),
  webgpu: onGpu,
  compare(actual, expected, { pred, dy }) {
    expectClose(actual.distances, expected.distances);
    expectClose(actual.dPred, expected.dPred);
    // Its terms are of both signs, so the sum is as good as their magnitudes.
    const magnitude = dot(pred.map(Math.abs), dy.map(Math.abs));
    expectClose([actual.dScale], [expected.dScale], { absolute: 1e-5 + 1e-5 * magnitude });
  },
  expected: (input) => input.expected,
});

describeOnGpu('scaledDistances', () => {
  for (const form of ['linear', 'exp'] as const) {
    gpuTest(`${form}: agrees with central differences`, async () => {
      const { pred, dy, scale, options } = varied(40, { form, unit: 4 }, 0.8);
      const total = (x: ArrayLike<number>, s: number) =>
        dot(scaledDistancesReference(x, s, [], options).distances, dy);
      const actual = await onGpu({ pred, dy, scale, options });
      expectClose(
        actual.dPred,
        centralDifferences((x) => total(x, scale), pred),
      );
      const [byScale = Number.NaN] = centralDifferences((s) => total(pred, s[0] ?? 0), [scale]);
      expectClose([actual.dScale], [byScale]);
    });

    gpuTest(`${form}: a NaN is not hidden`, async () => {
      const input = { pred: [1, Number.NaN], dy: [1, 1], scale: 1, options: { form } };
      const { distances, dPred, dScale } = await onGpu(input);
      expect(distances[0]).toBeGreaterThan(0);
      expect([distances[1], dPred[1], dScale]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    });

    gpuTest(`${form}: the same bytes again`, async () => {
      const input = varied(70_001, { form }, 0.9);
      expect(await onGpu(input)).toEqual(await onGpu(input));
    });
  }

  gpuTest('refuses a scale that is no scalar', async () => {
    await tf.ready();
    const inputs = [tf.zeros([2, 4]), tf.zeros([1])] as const;
    expect(() => scaledDistances(...inputs, linear)).toThrow(/scale must be float32 \[\]/);
    tf.dispose([...inputs]);
  });
});
