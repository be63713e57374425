import { expect, test } from 'vitest';
import { readIntTensor, readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { maxIouAssign } from '../matcher/max-iou-assign.ts';
import { torchvisionTwoStage } from '../oracle/two-stage.ts';
import { concatProposals } from './concat-proposals.ts';
import { fixtureCases, handCases, rcnnAssigner, torchvisionRois } from './sample-rois.cases.ts';
import type { RoiCase } from './sample-rois.cases.ts';
import { sampleRoisReference } from './sample-rois.reference.ts';
import type { RoiSlots } from './sample-rois.reference.ts';
import { sampleRois } from './sample-rois.ts';
import type { SampledRois } from './sample-rois.ts';

const slotsOf = ({ images, options, spareRows = 1 }: RoiCase): number => {
  const proposalRows = Math.max(...images.map(({ assigned }) => assigned.length)) + spareRows;
  const gtRows = Math.max(...images.map(({ gtLabels }) => gtLabels.length)) + spareRows;
  return Math.min(options.num, proposalRows + (options.addGts === 'none' ? 0 : gtRows));
};

/** float32 [B, rows, 4]; rows that are not real hold numbers that would be noticed. */
function padded(items: readonly Float32Array[], rows: number) {
  const values = new Float32Array(items.length * rows * 4).fill(1234);
  for (const [index, item] of items.entries()) values.set(item, index * rows * 4);
  return tf.tensor3d(values, [items.length, rows, 4]);
}

/** int32 [B, rows]; rows that are not real hold 3, a ground truth. */
function paddedIntegers(items: readonly ArrayLike<number>[], rows: number) {
  const values = new Int32Array(items.length * rows).fill(3);
  for (const [index, item] of items.entries()) values.set(Array.from(item), index * rows);
  return tf.tensor2d(values, [items.length, rows], 'int32');
}

function tensorsOf({ images, key = [5, 8], spareRows = 1 }: RoiCase) {
  const counts = images.map(({ assigned }) => assigned.length);
  const gtCounts = images.map(({ gtLabels }) => gtLabels.length);
  const rows = Math.max(...counts) + spareRows;
  const gtRows = Math.max(...gtCounts) + spareRows;
  return {
    proposals: padded(
      images.map(({ proposals }) => proposals),
      rows,
    ),
    proposalCounts: tf.tensor1d(counts, 'int32'),
    gtBoxes: padded(
      images.map(({ gtBoxes }) => gtBoxes),
      gtRows,
    ),
    gtLabels: paddedIntegers(
      images.map(({ gtLabels }) => gtLabels),
      gtRows,
    ),
    gtCounts: tf.tensor1d(gtCounts, 'int32'),
    assigned: paddedIntegers(
      images.map(({ assigned }) => assigned),
      rows,
    ),
    randomKey: tf.tensor1d([...key], 'int32'),
  };
}

async function readSlots(result: SampledRois, images: number): Promise<RoiSlots[]> {
  const [rois, deltas] = await Promise.all([
    readTensor(result.rois),
    readTensor(result.deltaTargets),
  ]);
  const [present, labels, matchedGt, numPos, numNeg] = await Promise.all([
    readIntTensor(result.present),
    readIntTensor(result.labels),
    readIntTensor(result.matchedGt),
    readIntTensor(result.numPos),
    readIntTensor(result.numNeg),
  ]);
  const slots = present.length / images;
  return Array.from({ length: images }, (_, index) => {
    const own = (values: Float32Array | Int32Array, width: number) =>
      Array.from(values.subarray(index * slots * width, (index + 1) * slots * width));
    return {
      rois: own(rois, 5),
      present: own(present, 1),
      labels: own(labels, 1),
      matchedGt: own(matchedGt, 1),
      deltaTargets: own(deltas, 4),
      numPos: numPos[index] ?? -1,
      numNeg: numNeg[index] ?? -1,
    };
  });
}

function expectSlots(actual: readonly RoiSlots[], expected: readonly RoiSlots[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [index, { deltaTargets, ...rest }] of expected.entries()) {
    const { deltaTargets: own = [], ...others } = actual[index] ?? {};
    expect(others).toEqual(rest);
    expectClose(own, deltaTargets);
  }
}

const fixtures = await fixtureCases();
test.skipIf(fixtures === undefined)('both fixtures are there (skipped where absent)', () => {
  expect(fixtures?.length).toBe(2);
});

describeOnBackends<RoiCase, RoiSlots[]>('sampleRois', {
  cases: [...handCases, ...(fixtures ?? [])],
  reference: (input) =>
    input.images.map((image, index) =>
      sampleRoisReference(image, input.options, input.key ?? [5, 8], index, slotsOf(input)),
    ),
  async webgpu(input) {
    const inputs = tensorsOf(input);
    const result = sampleRois({ ...inputs, ...input.options });
    const values = await readSlots(result, input.images.length);
    tf.dispose([...Object.values(inputs), ...Object.values(result)]);
    return values;
  },
  compare: expectSlots,
  expected: ({ expected }) => (expected === undefined ? undefined : [...expected]),
});

const torchvision = await torchvisionTwoStage();
describeOnGpu('sampleRois', () => {
  if (torchvision !== undefined) {
    gpuTest('torchvision’s chain: ground truths behind, matched, drawn', async () => {
      const input = torchvisionRois(torchvision);
      const { assigned, proposals, proposalCounts, ...gts } = tensorsOf({
        ...input,
        images: input.images.map(({ gtLabels, ...image }) => ({
          ...image,
          gtLabels,
          proposals: image.proposals.subarray(0, -4 * gtLabels.length),
          assigned: image.assigned.slice(0, -gtLabels.length),
        })),
      });
      const all = concatProposals({ ...gts, proposals, proposalCounts });
      const match = maxIouAssign({
        ...gts,
        anchors: all.proposals,
        valid: all.counts,
        options: rcnnAssigner,
        numClasses: 4,
      });
      const result = sampleRois({
        ...gts,
        ...input.options,
        proposals: all.proposals,
        proposalCounts: all.counts,
        assigned: match.assigned,
      });
      expectSlots(await readSlots(result, input.images.length), input.expected ?? []);
      tf.dispose([assigned, proposals, proposalCounts, ...Object.values(gts)]);
      tf.dispose([...Object.values(all), ...Object.values(match), ...Object.values(result)]);
    });
  }

  gpuTest('refuses what does not fit', async () => {
    await tf.ready();
    const [input] = handCases;
    if (input === undefined) throw new Error('no case');
    const good = tensorsOf(input);
    const run = (change: object) => () => sampleRois({ ...good, ...input.options, ...change });
    expect(run({ assigned: good.gtLabels })).toThrow(/assigned must be int32/);
    expect(run({ mode: 'random', randomKey: null })).toThrow(/randomKey is needed/);
    expect(run({ coder: { stds: [0, 1, 1, 1] } })).toThrow(/stds must be above 0/);
    tf.dispose(good);
  });
});
