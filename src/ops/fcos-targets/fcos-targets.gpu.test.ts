import { expect } from 'vitest';
import { readIntTensor, readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { cases, K, levels, optionsOf, whole } from './fcos-targets.cases.ts';
import type { FcosCase } from './fcos-targets.cases.ts';
import { fcosSumsReference, fcosTargetsReference } from './fcos-targets.reference.ts';
import type { FcosImageTargets } from './fcos-targets.reference.ts';
import { fcosTargets } from './fcos-targets.ts';

interface Outcome {
  readonly images: readonly FcosImageTargets[];
  readonly numPos: readonly number[];
  readonly positives: number;
  readonly centernessSum: number;
}

describeOnBackends<FcosCase, Outcome>('fcosTargets', {
  cases,
  reference(input) {
    const images = input.images.map((one) =>
      fcosTargetsReference(input.levels, one, K, optionsOf(input)),
    );
    return { images, ...fcosSumsReference(images) };
  },
  async webgpu(input) {
    const { levels: grid, images } = input;
    const most = Math.max(1, ...images.map(({ gtLabels }) => gtLabels.length));
    // Rows behind the last box would win everywhere, if they were looked at.
    const pad = (values: ArrayLike<number>, size: number, by: number) =>
      Array.from({ length: size }, (_, i) => values[i] ?? by);
    const inputs = {
      gtBoxes: tf.tensor3d(
        images.flatMap(({ gtBoxes }) => {
          const rows = Array.from(gtBoxes);
          while (rows.length < most * 4) rows.push(0, 0, 999, 999);
          return rows;
        }),
        [images.length, most, 4],
      ),
      gtLabels: tf.tensor2d(
        images.map(({ gtLabels }) => pad(gtLabels, most, 0)),
        [images.length, most],
        'int32',
      ),
      gtCounts: tf.tensor1d(
        images.map(({ gtLabels }) => gtLabels.length),
        'int32',
      ),
      batchShapes: tf.tensor2d(
        images.map(({ batchShape }) => [...batchShape]),
        [images.length, 2],
        'int32',
      ),
    };
    const result = fcosTargets({
      ...inputs,
      levels: grid,
      numClasses: K,
      options: optionsOf(input),
    });
    const ints = [result.labels, result.assigned, result.numPos].map((tensor) =>
      readIntTensor(tensor),
    );
    const [labels, assigned, numPos] = await Promise.all(ints);
    const [distances, centerness, positives, sum] = await Promise.all(
      [result.distances, result.centerness, result.positives, result.centernessSum].map((tensor) =>
        readTensor(tensor),
      ),
    );
    tf.dispose([...Object.values(inputs), ...Object.values(result)]);
    const points = (labels?.length ?? 0) / images.length;
    const part = (values: ArrayLike<number> | undefined, index: number, width = 1): number[] =>
      Array.from(values ?? []).slice(index * points * width, (index + 1) * points * width);
    return {
      images: images.map((_, index) => ({
        labels: part(labels, index),
        assigned: part(assigned, index),
        distances: part(distances, index, 4),
        centerness: part(centerness, index),
      })),
      numPos: Array.from(numPos ?? []),
      positives: positives?.[0] ?? Number.NaN,
      centernessSum: sum?.[0] ?? Number.NaN,
    };
  },
  compare(actual, expected) {
    expect(actual.numPos).toEqual(expected.numPos);
    expect(actual.positives).toBe(expected.positives);
    expectClose([actual.centernessSum], [expected.centernessSum], { absolute: 1e-12 });
    for (const [index, want] of expected.images.entries()) {
      const got = actual.images[index];
      expect(got?.labels).toEqual(want.labels);
      expect(got?.assigned).toEqual(want.assigned);
      expectClose(got?.distances ?? [], want.distances, { relative: 1e-6 });
      expectClose(got?.centerness ?? [], want.centerness, { relative: 1e-6 });
    }
  },
  expected(input) {
    if (input.expected === undefined) return undefined;
    const others = input.images
      .slice(1)
      .map((one) => fcosTargetsReference(input.levels, one, K, optionsOf(input)));
    const images = [input.expected, ...others];
    return { images, ...fcosSumsReference(images) };
  },
});

describeOnGpu('fcosTargets', () => {
  gpuTest('refuses what does not fit', async () => {
    await tf.ready();
    const inputs = {
      levels: levels([1, 2, 8]),
      gtBoxes: tf.zeros([1, 3, 4]),
      gtLabels: tf.zeros([1, 3], 'int32'),
      gtCounts: tf.zeros([1], 'int32'),
      batchShapes: tf.zeros([1, 2], 'int32'),
      numClasses: K,
      options: whole,
    };
    const run = (change: object) => () => fcosTargets({ ...inputs, ...change });
    expect(run({ gtCounts: inputs.gtLabels })).toThrow(/gtCounts must be int32 \[1\]/);
    expect(run({ levels: [] })).toThrow(/levels must not be empty/);
    expect(run({ levels: levels([1, 2, 8], [1, 1, 16]) })).toThrow(/regressRanges must be 2/);
    expect(run({ levels: levels([1, 2, 0.5]) })).toThrow(/stride must be a whole number/);
    expect(run({ levels: levels([1, 2, 8]).map((level) => ({ ...level, start: 1 })) })).toThrow(
      /level 0 starts at 1, expected 0/,
    );
    expect(run({ options: { ...whole, centerSampling: 0 } })).toThrow(/centerSampling must be/);
    const { gtBoxes, gtLabels, gtCounts, batchShapes } = inputs;
    tf.dispose([gtBoxes, gtLabels, gtCounts, batchShapes]);
  });
});
