import { expect } from 'vitest';
import { describeOnGpu, gpuTest } from '../ops/host/describe-on-backends.ts';
import { expectCloseToScale } from '../ops/host/expect-close-to-scale.ts';
import { variedValues } from '../ops/host/varied-values.ts';
import { batchNormReference } from '../ops/norm/batch-norm.reference.ts';
import { groupNormReference } from '../ops/norm/group-norm.reference.ts';
import { readTensor } from '../tensor/read.ts';
import { tf } from '../tensor/tf.ts';
import { NormModule } from './norm-module.ts';
import type { NormModuleSpec, NormPass } from './norm-module.ts';
import { writeParameter } from './parameter-io.ts';
import { ParameterSet } from './parameter-set.ts';

const CHANNELS = 6;
const x = variedValues(2 * 3 * 3 * CHANNELS, 1);
const weight = variedValues(CHANNELS, 2).map((value) => value + 1.2);
const bias = variedValues(CHANNELS, 3);
const runningMean = variedValues(CHANNELS, 4);
const runningVar = variedValues(CHANNELS, 5).map((value) => value + 1.1);

/** One pass through a module whose vectors are the ones above: its result, and the running mean afterwards. */
async function pass(
  spec: Pick<NormModuleSpec, 'norm' | 'frozen' | 'evaluation'>,
  how: Partial<NormPass> = {},
) {
  await tf.ready();
  const parameters = new ParameterSet(0);
  const norm = new NormModule(parameters, { ...spec, name: 'bn', channels: CHANNELS });
  const vectors = { weight, bias, running_mean: runningMean, running_var: runningVar };
  for (const [key, values] of Object.entries(vectors)) {
    const parameter = parameters.get(`bn.${key}`);
    if (parameter !== undefined) writeParameter(parameter, values);
  }
  const y = tf.tidy(() =>
    norm.forward(tf.tensor4d(x, [2, 3, 3, CHANNELS]), { training: true, relu: false, ...how }),
  );
  const mean = parameters.get('bn.running_mean')?.variable;
  const result = {
    y: await readTensor(y),
    mean: mean === undefined ? undefined : await readTensor(mean),
  };
  y.dispose();
  parameters.dispose();
  return result;
}

const twin = { x, weight, bias, runningMean, runningVar, dy: [], relu: false, momentum: 0.1 };

describeOnGpu('NormModule', () => {
  gpuTest('BN in training: the batch’s statistics, and the running ones move', async () => {
    const { y, mean } = await pass({
      norm: { type: 'BN', requiresGrad: true, eps: 0.5, momentum: 0.3 },
    });
    const wanted = batchNormReference({ ...twin, training: true, eps: 0.5, momentum: 0.3 });
    expectCloseToScale(y, wanted.y, 2e-6, 'y');
    expectCloseToScale(mean ?? [], wanted.runningMean, 2e-6, 'running mean');
  });

  gpuTest('BN computed again: the same result, and the running statistics stay', async () => {
    const norm = { type: 'BN', requiresGrad: true } as const;
    const first = await pass({ norm });
    const again = await pass({ norm }, { again: true });
    expect(again.y).toEqual(first.y);
    expect(first.mean).not.toEqual(runningMean);
    expect(again.mean).toEqual(runningMean);
  });

  const fixed = batchNormReference({ ...twin, training: false, eps: 1e-5 });
  for (const [name, spec, how] of [
    ['BN of a model in evaluation', {}, { training: false }],
    ['BN with norm_eval', { evaluation: true }, {}],
    ['BN of a frozen stage', { frozen: true }, {}],
  ] as const) {
    gpuTest(`${name}: by the running statistics, which stay`, async () => {
      const { y, mean } = await pass({ ...spec, norm: { type: 'BN', requiresGrad: true } }, how);
      expectCloseToScale(y, fixed.y, 2e-6, 'y');
      expect(mean).toEqual(runningMean);
    });
  }

  gpuTest('FrozenBN with eps 0', async () => {
    const { y, mean } = await pass({ norm: { type: 'FrozenBN', requiresGrad: true, eps: 0 } });
    const wanted = batchNormReference({ ...twin, training: false, eps: 0 });
    expectCloseToScale(y, wanted.y, 2e-6, 'y');
    expect(mean).toEqual(runningMean);
  });

  gpuTest('GN, also in evaluation: by the image’s own statistics', async () => {
    const norm = { type: 'GN', requiresGrad: true, numGroups: 3 } as const;
    const { y, mean } = await pass({ norm }, { training: false, relu: true });
    const wanted = groupNormReference({ ...twin, images: 2, groups: 3, relu: true, eps: 1e-5 });
    expectCloseToScale(y, wanted.y, 2e-6, 'y');
    expect(mean).toBeUndefined();
  });

  gpuTest('GN without num_groups is refused', async () => {
    await expect(pass({ norm: { type: 'GN', requiresGrad: true } })).rejects.toThrow(/numGroups/);
  });
});
