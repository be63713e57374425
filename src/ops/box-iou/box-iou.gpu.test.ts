import { expect } from 'vitest';
import { rng } from '../../base/rng.ts';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { boxIouMatrixReference } from './box-iou-matrix.reference.ts';
import { boxIou } from './box-iou.ts';
import type { OverlapMode } from './box-iou.wgsl.ts';

interface Case {
  readonly name: string;
  readonly a: Float32Array<ArrayBuffer>;
  readonly b: Float32Array<ArrayBuffer>;
  readonly mode: OverlapMode;
  readonly expected?: readonly number[];
}

const random = rng(40);
function randomBoxes(count: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    Array.from({ length: count }, () => {
      const [x, y] = [random.int(0, 400) / 8, random.int(0, 400) / 8];
      return [x, y, x + random.int(0, 200) / 8, y + random.int(0, 200) / 8];
    }).flat(),
  );
}

const { NaN: NAN } = Number;
const square = Float32Array.of(0, 0, 10, 10);
// Half a width apart: both 50, union 150, around 150; then equal, nested (25), apart (around 300), touching.
const others = Float32Array.of(
  5,
  0,
  15,
  10,
  0,
  0,
  10,
  10,
  0,
  0,
  5,
  5,
  20,
  0,
  30,
  10,
  10,
  0,
  20,
  10,
);
const modes = ['iou', 'iof', 'giou'] as const;
const known: Readonly<Record<OverlapMode, readonly number[]>> = {
  iou: [1 / 3, 1, 1 / 4, 0, 0],
  iof: [1 / 2, 1, 1 / 4, 0, 0],
  giou: [1 / 3, 1, 1 / 4, -1 / 3, 0],
};
const points = Float32Array.of(3, 3, 3, 3, 4, 4, 4, 4);

const cases: Case[] = modes.flatMap((mode): Case[] => [
  { name: `${mode} by hand`, a: square, b: others, mode, expected: known[mode] },
  { name: `${mode} of no boxes`, a: new Float32Array(0), b: others, mode, expected: [] },
  { name: `${mode} with no boxes`, a: square, b: new Float32Array(0), mode, expected: [] },
  { name: `${mode} of points: divisors stay above 0`, a: points, b: points, mode },
  {
    name: `${mode} of NaN: only its row`,
    a: Float32Array.of(0, 0, 10, NAN, 0, 0, 10, 10),
    b: square,
    mode,
    expected: [NAN, 1],
  },
  { name: `${mode}, 37 × 53`, a: randomBoxes(37), b: randomBoxes(53), mode },
]);
cases.push({ name: 'iou, 700 × 300', a: randomBoxes(700), b: randomBoxes(300), mode: 'iou' });

describeOnBackends<Case, ArrayLike<number>>('boxIou', {
  cases,
  reference: ({ a, b, mode }) => boxIouMatrixReference(a, b, mode),
  async webgpu({ a, b, mode }) {
    const boxes = [tf.tensor2d(a, [a.length / 4, 4]), tf.tensor2d(b, [b.length / 4, 4])] as const;
    const overlaps = boxIou(...boxes, mode);
    const values = await readTensor(overlaps);
    tf.dispose([...boxes, overlaps]);
    return values;
  },
  compare: (actual, expected) => expectClose(actual, expected, { absolute: 1e-6, relative: 1e-6 }),
  expected: (input) => input.expected,
});

describeOnGpu('boxIou', () => {
  gpuTest('refuses what are no boxes', async () => {
    await tf.ready();
    const boxes = tf.zeros([3, 5]);
    expect(() => boxIou(boxes, boxes)).toThrow(/a must be float32 \[3, 4\]/);
    boxes.dispose();
  });
});
