import { expect, test } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { uploadBytes } from '../../tensor/upload.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { readCasepack } from '../oracle/casepack.ts';
import { normaliseImages } from './normalise-image.ts';
import type { ImageNormalisation } from './normalise-image.ts';
import { normaliseImagesReference } from './normalise-image.reference.ts';

interface Case {
  readonly name: string;
  readonly size: readonly [batch: number, height: number, width: number];
  readonly imgShapes: readonly (readonly [number, number])[];
  readonly norm: ImageNormalisation;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly expected?: ArrayLike<number>;
}

const torch: ImageNormalisation = {
  mean: [123.675, 116.28, 103.53],
  std: [58.395, 57.12, 57.375],
  rgb: true,
};
const caffe: ImageNormalisation = { mean: [103.53, 116.28, 123.675], std: [1, 1, 1], rgb: false };

const CASES: readonly Case[] = [
  { name: 'a full frame, RGB', size: [1, 4, 6], imgShapes: [[4, 6]], norm: torch },
  { name: 'a full frame, BGR', size: [1, 4, 6], imgShapes: [[4, 6]], norm: caffe },
  { name: 'padding right and below is zero', size: [1, 8, 8], imgShapes: [[5, 7]], norm: torch },
  {
    name: 'two images of different shape',
    size: [2, 6, 10],
    imgShapes: [
      [6, 3],
      [2, 10],
    ],
    norm: torch,
  },
  {
    name: 'three images, BGR, one of one pixel',
    size: [3, 5, 4],
    imgShapes: [
      [5, 4],
      [1, 1],
      [3, 2],
    ],
    norm: caffe,
  },
  { name: 'an image of no size is all padding', size: [1, 2, 2], imgShapes: [[0, 0]], norm: torch },
  {
    name: 'by hand: one row, the last pixel is padding, BGR',
    size: [1, 1, 4],
    imgShapes: [[1, 3]],
    norm: { mean: [10, 20, 30], std: [1, 2, 5], rgb: false },
    bytes: Uint8Array.of(30, 20, 10, 255, 0, 0, 0, 0, 255, 9, 9, 9),
    expected: [0, 0, 0, -10, -10, 45, 245, -10, -6, 0, 0, 0],
  },
];

/** Every byte value turns up, and the padding is not zero beforehand. */
function bytesOf(c: Case): Uint8Array<ArrayBuffer> {
  const [batch, height, width] = c.size;
  return (
    c.bytes ?? Uint8Array.from({ length: batch * height * width * 3 }, (_, i) => (i * 89 + 7) % 256)
  );
}

const suite = {
  reference: (c: Case): ArrayLike<number> =>
    normaliseImagesReference(bytesOf(c), c.imgShapes, c.size, c.norm),
  async webgpu(c: Case): Promise<ArrayLike<number>> {
    const bytes = uploadBytes(bytesOf(c));
    const imgShapes = tf.tensor2d(
      c.imgShapes.map((sides) => [...sides]),
      [c.imgShapes.length, 2],
      'int32',
    );
    const y = normaliseImages(bytes, imgShapes, c.size, c.norm);
    expect(y.shape).toEqual([...c.size, 3]);
    const values = await readTensor(y);
    tf.dispose([bytes, imgShapes, y]);
    return values;
  },
  compare(actual: ArrayLike<number>, wanted: ArrayLike<number>, c: Case): void {
    expectClose(actual, wanted, { absolute: 2e-6, relative: 1e-6 });
    const [, height, width] = c.size;
    // Padding is exactly zero, not a small number.
    Array.from(actual).forEach((value, i) => {
      const pixel = Math.floor(i / 3);
      const row = Math.floor(pixel / width);
      const [imageHeight, imageWidth] = c.imgShapes[Math.floor(row / height)] ?? [0, 0];
      if (row % height >= imageHeight || pixel % width >= imageWidth) expect(value).toBe(0);
    });
  },
  expected: (c: Case) => c.expected,
};

describeOnBackends<Case, ArrayLike<number>>('normaliseImages', { cases: CASES, ...suite });

const pack = await readCasepack('ops/nn');
const torchCases = (pack ?? [])
  .filter((c) => c.op === 'normalize')
  .map((c): Case => {
    const x = c.array('x');
    const y = c.array('y');
    const [, height = 0, width = 0] = x.shape;
    const toNhwc = (data: ArrayLike<number>): number[] =>
      Array.from(
        { length: data.length },
        (_, i) => data[(i % 3) * height * width + Math.floor(i / 3)] ?? Number.NaN,
      );
    return {
      name: c.name,
      size: [1, height, width],
      imgShapes: [[height, width]],
      norm: { mean: [...c.array('mean').data], std: [...c.array('std').data], rgb: true },
      bytes: Uint8Array.from(toNhwc(x.data)),
      expected: toNhwc(y.data),
    };
  });

test.skipIf(pack === undefined)(
  'oracle ops/nn normalize is there (skipped where it is absent)',
  () => {
    expect(torchCases.length).toBe(1);
  },
);

if (torchCases.length > 0) {
  describeOnBackends<Case, ArrayLike<number>>('normaliseImages against torch', {
    cases: torchCases,
    ...suite,
  });
}

describeOnGpu('normaliseImages', () => {
  gpuTest('bytes that are not whole words are refused', async () => {
    await tf.ready();
    expect(() => uploadBytes(new Uint8Array(15))).toThrow(/whole words/);
  });
});
