import { z } from 'zod';
import { ParameterSet } from '../../models/parameter-set.ts';
import type { PackedArray, PackedCase } from '../../ops/oracle/parse-casepack.ts';
import { adamReference, gradNormReference, sgdReference } from '../../ops/optim/optim.reference.ts';
import { Optimizer } from '../../train/optimizers/optimizer.ts';
import type { OptimizerOptions } from '../../train/optimizers/optimizer.ts';
import { NO_PARAMWISE } from '../../train/optimizers/paramwise.ts';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { floats } from '../on-gpu.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter } from '../op-adapter.ts';
import { runTwin } from '../oracle-case.ts';
import type { Twin } from '../oracle-case.ts';

type Algorithm = OptimizerOptions['algorithm'];

export interface StepsInput {
  readonly algorithm: Algorithm;
  readonly lr: number;
  /** 0: gradients are not clipped. */
  readonly maxNorm: number;
  readonly init: readonly ArrayLike<number>[];
  /** [step][parameter] */
  readonly gradients: readonly (readonly ArrayLike<number>[])[];
}

export interface StepsResult {
  /** Every parameter after every step, one after the other. */
  readonly parameters: readonly number[];
  /** Norm of all gradients of each step, before clipping. */
  readonly norms: readonly number[];
}

/** Steps of the engine's optimiser on parameters that are vectors. */
const stepsTwin: Twin<StepsInput, StepsResult> = {
  async webgpu({ algorithm, lr, maxNorm, init, gradients }) {
    const set = new ParameterSet(0);
    for (const [index, values] of init.entries()) {
      set.add({ name: `p${index}`, shape: [values.length], role: 'weight', trainable: true }, () =>
        Float32Array.from(values),
      );
    }
    const optimizer = new Optimizer(set.list(), {
      algorithm,
      paramwise: NO_PARAMWISE,
      clipMaxNorm: maxNorm,
    });
    const parameters: number[] = [];
    const norms: number[] = [];
    for (const step of gradients) {
      const tensors = Object.fromEntries(
        set.list().map(({ variable }, index) => {
          const values = step[index] ?? [];
          return [variable.name, floats(values, [values.length])];
        }),
      );
      const norm = optimizer.step(tensors, lr);
      norms.push((await readTensor(norm))[0] ?? Number.NaN);
      for (const { variable } of set.list()) parameters.push(...(await readTensor(variable)));
      tf.dispose([norm, tensors]);
    }
    optimizer.dispose();
    set.dispose();
    return { parameters, norms };
  },
  reference({ algorithm, lr, maxNorm, init, gradients }) {
    const states = init.map((values) => ({
      w: Float64Array.from(values),
      first: new Float64Array(values.length),
      second: new Float64Array(values.length),
    }));
    const parameters: number[] = [];
    const norms: number[] = [];
    for (const [index, step] of gradients.entries()) {
      const { norm, factor } = gradNormReference(step, maxNorm);
      norms.push(norm);
      const shared = { factor, clipValue: 0, lr, decay: algorithm.weightDecay };
      for (const [at, state] of states.entries()) {
        const gradient = step[at] ?? [];
        if (algorithm.type === 'SGD') sgdReference(state, gradient, { ...shared, ...algorithm });
        else {
          const [beta1, beta2] = algorithm.betas;
          const { type, eps } = algorithm;
          adamReference(state, gradient, { ...shared, type, beta1, beta2, eps, t: index + 1 });
        }
        parameters.push(...state.w);
      }
    }
    return { parameters, norms };
  },
};

/** PyTorch's options and their defaults. */
const configSchema = z.object({
  type: z.enum(['SGD', 'Adam', 'AdamW']),
  lr: z.number(),
  weight_decay: z.number().optional(),
  momentum: z.number().default(0),
  nesterov: z.boolean().default(false),
  betas: z.tuple([z.number(), z.number()]).default([0.9, 0.999]),
  eps: z.number().default(1e-8),
});

/** AdamW's weight decay where none is given is 0.01, the others' is 0. */
function algorithmOf(config: z.infer<typeof configSchema>): Algorithm {
  const { type, momentum, nesterov, betas, eps } = config;
  const weightDecay = config.weight_decay ?? (type === 'AdamW' ? 0.01 : 0);
  return type === 'SGD'
    ? { type, momentum, nesterov, weightDecay }
    : { type, betas, eps, weightDecay };
}

/** The arrays of lists in lists: [step][parameter]. */
function steps(c: PackedCase, key: string): readonly (readonly ArrayLike<number>[])[] {
  const counts = c.arrays('init').map(({ data }) => data.length);
  const perStep = counts.reduce((sum, count) => sum + count, 0);
  const values = c.values(key);
  return Array.from({ length: values.length / perStep }, (_, step) => {
    let at = step * perStep;
    return counts.map((count) => values.slice(at, (at += count)));
  });
}

/** Variants of PyTorch's optimisers that the engine does not have. */
const variants = z.looseObject({
  dampening: z.number().optional(),
  amsgrad: z.boolean().optional(),
  maximize: z.boolean().optional(),
});

const optimiserAdapter = opAdapter({
  op: 'optimizer',
  outOfScope(c) {
    const { dampening = 0, amsgrad = false, maximize = false } = variants.parse(c.raw('config'));
    if (dampening !== 0) return 'dampening';
    return amsgrad || maximize ? 'AMSGrad and ascending' : undefined;
  },
  input(c): StepsInput {
    const config = configSchema.parse(c.raw('config'));
    return {
      algorithm: algorithmOf(config),
      lr: config.lr,
      maxNorm: 0,
      init: c.arrays('init').map(({ data }) => data),
      gradients: steps(c, 'grads'),
    };
  },
  run: async (input, backend) => ({
    params_after_step: (await runTwin(stepsTwin, backend, input)).parameters,
  }),
  results: { params_after_step: 'close' },
});

/** Plain SGD at rate 1 from 0: the parameters are then minus the clipped gradients. */
function clipInput(maxNorm: number, gradients: readonly PackedArray[]): StepsInput {
  return {
    algorithm: { type: 'SGD', momentum: 0, nesterov: false, weightDecay: 0 },
    lr: 1,
    maxNorm,
    init: gradients.map(({ data }) => new Float32Array(data.length)),
    gradients: [gradients.map(({ data }) => data)],
  };
}

function clipResults({ parameters, norms }: StepsResult) {
  return { total_norm: norms, clipped: parameters.map((value) => -value) };
}

const clipAdapter = opAdapter({
  op: 'clip_grad_norm',
  input: (c) => clipInput(c.number('max_norm'), c.arrays('grads')),
  run: async (input, backend) => clipResults(await runTwin(stepsTwin, backend, input)),
  results: { total_norm: 'close', clipped: 'close' },
});

export const OPTIMISER_ADAPTERS: readonly OpAdapter[] = [optimiserAdapter, clipAdapter];
