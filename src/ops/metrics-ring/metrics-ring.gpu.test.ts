import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { overwrite } from '../../tensor/upload.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { MetricsRing } from './metrics-ring.ts';
import { MetricsRingReference } from './metrics-ring.reference.ts';

/** Pushes batches of rows, taking after each batch. Values must be float32 exactly. */
interface Case {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly batches: readonly (readonly (readonly number[])[])[];
}

const counted = (rows: number, columns: number, from = 0): number[][] =>
  Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => from + r * columns + c),
  );

const CASES: readonly Case[] = [
  { name: 'rows in the order of their steps', rows: 8, columns: 4, batches: [counted(5, 4)] },
  { name: 'one value a step', rows: 4, columns: 1, batches: [counted(3, 1)] },
  { name: 'seven values a step', rows: 3, columns: 7, batches: [counted(3, 7)] },
  {
    name: 'take begins again',
    rows: 4,
    columns: 2,
    batches: [counted(4, 2), counted(2, 2, 100), [], counted(4, 2, 200)],
  },
  {
    name: 'values that are not finite come through',
    rows: 2,
    columns: 2,
    batches: [[[Number.POSITIVE_INFINITY, -1]]],
  },
];

describeOnBackends<Case, readonly (readonly number[])[]>('MetricsRing', {
  cases: CASES,
  reference(c) {
    const ring = new MetricsRingReference(c.rows, c.columns);
    return c.batches.map((rows) => {
      for (const row of rows) ring.push(row);
      return ring.take();
    });
  },
  async webgpu(c) {
    const ring = new MetricsRing(c.rows, c.columns);
    const taken: number[][] = [];
    for (const rows of c.batches) {
      for (const row of rows) {
        const values = row.map((value) => tf.scalar(value));
        ring.push(values);
        tf.dispose(values);
      }
      expect(ring.used).toBe(rows.length);
      expect(ring.full).toBe(rows.length === c.rows);
      taken.push([...(await ring.take())]);
      expect(ring.used).toBe(0);
    }
    ring.dispose();
    return taken;
  },
  compare: (actual, wanted) => expect(actual).toEqual(wanted),
});

describeOnGpu('MetricsRing', () => {
  gpuTest('a full ring throws, and keeps its rows', async () => {
    const ring = new MetricsRing(2, 1);
    const value = tf.scalar(7);
    ring.push([value]);
    ring.push([value]);
    expect(() => ring.push([value])).toThrow(/none read/);
    expect([...(await ring.take())]).toEqual([7, 7]);
    ring.push([value]);
    expect(ring.used).toBe(1);
    ring.dispose();
    value.dispose();
  });

  gpuTest('a row of the wrong length and too many columns are refused', async () => {
    await tf.ready();
    const ring = new MetricsRing(2, 2);
    const value = tf.scalar(1);
    expect(() => ring.push([value])).toThrow(/2 values/);
    expect(() => new MetricsRing(2, 8)).toThrow(/at most 7/);
    ring.dispose();
    value.dispose();
  });

  gpuTest(
    'values are those at the push, whatever happens to the tensor or the ring afterwards',
    async () => {
      const ring = new MetricsRing(3, 2);
      const a = tf.tensor1d([1]);
      const b = tf.tensor1d([10, 11]);
      ring.push([a, b]);
      overwrite(a, Float32Array.of(2));
      ring.push([a, b]);
      const first = ring.take();
      overwrite(a, Float32Array.of(3));
      overwrite(b, Float32Array.of(30, 31));
      // Straight over the rows whose read is still under way.
      ring.push([a, b]);
      ring.push([b, a]);
      const second = ring.take();
      ring.push([a, a]);
      expect([...(await first)]).toEqual([1, 10, 2, 10]);
      expect([...(await second)]).toEqual([3, 30, 30, 3]);
      expect([...(await ring.take())]).toEqual([3, 3]);
      ring.dispose();
      tf.dispose([a, b]);
    },
  );

  gpuTest('pushed results may be disposed of at once and their buffers used again', async () => {
    const ring = new MetricsRing(20, 1);
    const x = tf.tensor1d([1, 2, 3]);
    const kept: Tensor[] = [];
    for (let step = 0; step < 20; step++) {
      const sum = tf.tidy(() => x.mul(step).sum());
      ring.push([sum]);
      sum.dispose();
      kept.push(tf.tidy(() => x.add(step)));
    }
    expect([...(await ring.take())]).toEqual(Array.from({ length: 20 }, (_, step) => step * 6));
    const last = kept[19];
    if (last === undefined) throw new Error('twenty tensors');
    expect([...(await readTensor(last))]).toEqual([20, 21, 22]);
    tf.dispose([x, ...kept]);
    ring.dispose();
  });
});
