import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { variedValues } from '../host/varied-values.ts';
import { resizeBilinear } from './resize-bilinear.ts';
import { resizeBilinearReference } from './resize-bilinear.reference.ts';
import type { ResizeShape } from './resize-bilinear.reference.ts';

interface Case extends ResizeShape {
  readonly name: string;
  readonly hand?: { readonly x: readonly number[]; readonly y: readonly number[] };
}

const base = { batch: 2, height: 6, width: 8, channels: 3, outHeight: 12, outWidth: 16 };

const CASES: readonly Case[] = [
  { name: 'twice as large', ...base },
  { name: 'the same size', ...base, outHeight: 6, outWidth: 8 },
  { name: 'half, no multiple of the workgroup', ...base, outHeight: 3, outWidth: 4, channels: 5 },
  { name: 'taller and narrower', ...base, outHeight: 11, outWidth: 5 },
  { name: 'a third: pixels are skipped, not averaged', ...base, outHeight: 2, outWidth: 3 },
  { name: 'to one pixel', ...base, outHeight: 1, outWidth: 1 },
  { name: 'from one pixel', ...base, height: 1, width: 1, outHeight: 3, outWidth: 5 },
  { name: 'one row', ...base, height: 1, outHeight: 1, outWidth: 13 },
  // Coordinates −¼ (clamped to 0), ¼, ¾, 1¼, 1¾, 2¼ (beyond the last pixel).
  {
    name: 'by hand: 3 to 6',
    batch: 1,
    height: 1,
    width: 3,
    channels: 1,
    outHeight: 1,
    outWidth: 6,
    hand: { x: [0, 4, 16], y: [0, 1, 3, 7, 13, 16] },
  },
];

function values(c: Case): Float32Array<ArrayBuffer> {
  if (c.hand !== undefined) return Float32Array.from(c.hand.x);
  return variedValues(c.batch * c.height * c.width * c.channels, 1);
}

describeOnBackends<Case, ArrayLike<number>>('resizeBilinear', {
  cases: CASES,
  reference: (c) => resizeBilinearReference(c, values(c)),
  async webgpu(c) {
    const x = tf.tensor4d(values(c), [c.batch, c.height, c.width, c.channels]);
    const y = resizeBilinear(x, [c.outHeight, c.outWidth]);
    expect(y.shape).toEqual([c.batch, c.outHeight, c.outWidth, c.channels]);
    const result = await readTensor(y);
    tf.dispose([x, y]);
    return result;
  },
  compare: (actual, wanted) => expectCloseToScale(actual, wanted, 2e-6, 'y'),
  expected: (c) => c.hand?.y,
});

describeOnGpu('resizeBilinear', () => {
  gpuTest('a value that is not a number reaches the pixels that read it', async () => {
    const x = tf.tensor4d([1, 2, Number.NaN, 4, 5, 6], [1, 1, 6, 1]);
    const y = resizeBilinear(x, [1, 6]);
    const result = await readTensor(y);
    expect(result.slice(3)).toEqual(Float32Array.of(4, 5, 6));
    expect(result[0]).toBe(1);
    expect(result[2]).toBeNaN();
    tf.dispose([x, y]);
  });

  gpuTest('nothing to resize is refused', async () => {
    await tf.ready();
    const x = tf.ones<tf.Rank.R4>([1, 2, 2, 1]);
    expect(() => resizeBilinear(x, [0, 3])).toThrow(/cannot become/);
    x.dispose();
  });
});
