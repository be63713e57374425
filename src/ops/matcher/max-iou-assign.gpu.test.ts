import { expect, test } from 'vitest';
import { readIntTensor, readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { fixtureCases, mmdetCases, packCases, retina } from './max-iou-assign.cases.ts';
import type { AssignCase } from './max-iou-assign.cases.ts';
import { handCases } from './max-iou-assign.hand-cases.ts';
import { maxIouAssignReference } from './max-iou-assign.reference.ts';
import type { AssignedImage } from './max-iou-assign.reference.ts';
import { maxIouAssign } from './max-iou-assign.ts';

/** Rows of all images, padded to `rows` each with what would be noticed if it were looked at. */
function padded(items: readonly Float32Array[], rows: number, filler: readonly number[]) {
  const values = new Float32Array(items.length * rows * 4);
  for (let row = 0; row < items.length * rows; row++) values.set(filler, row * 4);
  for (const [index, item] of items.entries()) values.set(item, index * rows * 4);
  return tf.tensor3d(values, [items.length, rows, 4]);
}

async function runOnGpu({
  images,
  options,
  numClasses,
  proposals = false,
}: AssignCase): Promise<AssignedImage[]> {
  const anchorCounts = images.map(({ anchors }) => anchors.length / 4);
  const n = Math.max(...anchorCounts);
  const batch = images.length;
  const ignored = images.map(({ gtIgnoreBoxes }) => gtIgnoreBoxes ?? new Float32Array());
  // One row more than needed, filled with a box that would match, to see that counts are obeyed.
  const rows = Math.max(...images.map(({ gtLabels }) => gtLabels.length)) + 1;
  const filler = [...(images[0]?.anchors.subarray(0, 4) ?? [])];
  const gtLabels = new Int32Array(batch * rows).fill(99);
  for (const [index, item] of images.entries()) gtLabels.set(item.gtLabels, index * rows);
  const anchors = images.map((item) => item.anchors);
  const flags = images.flatMap((item) => [...item.valid]);
  const inputs = {
    anchors: proposals ? padded(anchors, n, filler) : tf.tensor2d(anchors[0] ?? [], [n, 4]),
    valid: proposals ? tf.tensor1d(anchorCounts, 'int32') : tf.tensor2d(flags, [batch, n], 'int32'),
    gtBoxes: padded(
      images.map((item) => item.gtBoxes),
      rows,
      filler,
    ),
    gtLabels: tf.tensor2d(gtLabels, [batch, rows], 'int32'),
    gtCounts: tf.tensor1d(
      images.map((item) => item.gtLabels.length),
      'int32',
    ),
    gtIgnoreBoxes: padded(
      ignored,
      Math.max(...ignored.map(({ length }) => length / 4)) + 1,
      filler,
    ),
    gtIgnoreCounts: tf.tensor1d(
      ignored.map(({ length }) => length / 4),
      'int32',
    ),
  };
  const result = maxIouAssign({ ...inputs, options, numClasses });
  const [assigned, labels, numPos] = await Promise.all([
    readIntTensor(result.assigned),
    readIntTensor(result.labels),
    readIntTensor(result.numPos),
  ]);
  const maxIou = await readTensor(result.maxIou);
  tf.dispose([...Object.values(inputs), ...Object.values(result)]);
  return anchorCounts.map((count, index) => {
    const own = <T extends Int32Array | Float32Array>(values: T) =>
      Array.from(values.subarray(index * n, index * n + count));
    const beyond = [...assigned.subarray(index * n + count, (index + 1) * n)];
    expect(beyond, 'beyond the count').toEqual(beyond.map(() => -2));
    return {
      assigned: own(assigned),
      maxIou: own(maxIou),
      labels: own(labels),
      numPos: numPos[index] ?? -1,
    };
  });
}

const mmdet = await mmdetCases();
const pack = await packCases();
const fixture = await fixtureCases();
const oracles = {
  max_iou_assigner: mmdet,
  'ops/assign': pack,
  mm_retinanet_r18w16: fixture,
};
for (const [name, found] of Object.entries(oracles)) {
  test.skipIf(found === undefined)(`oracle ${name} is there (skipped where it is absent)`, () => {
    expect(found?.length).toBeGreaterThan(0);
  });
}

describeOnBackends<AssignCase, AssignedImage[]>('maxIouAssign', {
  cases: [...handCases, ...(mmdet ?? []), ...(pack ?? []), ...(fixture ?? [])],
  reference: ({ images, options, numClasses }) =>
    images.map((item) => maxIouAssignReference(item, options, numClasses)),
  webgpu: runOnGpu,
  compare(actual, expected) {
    expect(actual.length).toBe(expected.length);
    for (const [index, want] of expected.entries()) {
      const got = actual[index];
      expect(got?.assigned).toEqual(want.assigned);
      expect(got?.labels).toEqual(want.labels);
      expect(got?.numPos).toBe(want.numPos);
      expectClose(got?.maxIou ?? [], want.maxIou, { absolute: 1e-6 });
    }
  },
  expected(input) {
    const assigned = input.expected;
    if (assigned === undefined) return undefined;
    const [own, ...rest] = this.reference(input);
    return own === undefined ? undefined : [{ ...own, assigned: [...assigned] }, ...rest];
  },
});

describeOnGpu('maxIouAssign', () => {
  gpuTest('refuses wrong shapes and thresholds', async () => {
    await tf.ready();
    const good = {
      anchors: tf.zeros([3, 4]),
      valid: tf.zeros([1, 3], 'int32'),
      gtBoxes: tf.zeros([1, 2, 4]),
      gtLabels: tf.zeros([1, 2], 'int32'),
      gtCounts: tf.zeros([1], 'int32'),
    };
    const run = (change: object) => () =>
      maxIouAssign({ ...good, options: retina, numClasses: 1, ...change });
    expect(run({ valid: good.gtLabels })).toThrow(
      /valid must be int32 \[1, 3\], got int32 \[1, 2\]/,
    );
    expect(run({ valid: good.anchors })).toThrow(/valid must be int32/);
    expect(run({ options: { ...retina, minPosIou: -1 } })).toThrow(/minPosIou must be at least 0/);
    const onIgnore = { ...retina, ignoreIofThr: 0.5 };
    expect(run({ options: onIgnore, gtIgnoreBoxes: good.gtBoxes })).toThrow(/gtIgnoreCounts/);
    tf.dispose(good);
  });
});
