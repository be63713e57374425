import { afterEach, expect, vi } from 'vitest';
import { describeOnGpu, gpuTest } from '../../ops/host/describe-on-backends.ts';
import { variedValues } from '../../ops/host/varied-values.ts';
import { activeBackend } from '../../tensor/backend.ts';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { ParameterSet } from '../parameter-set.ts';
import { ResNet } from './resnet.ts';
import type { ResNetOptions } from './resnet.ts';

const tiny: ResNetOptions = {
  depth: 50,
  stages: { block: 'bottleneck', blocks: [1, 2, 1, 1] },
  baseChannels: 8,
  frozenStages: -1,
  normEval: false,
  norm: { type: 'BN', requiresGrad: true },
  style: 'pytorch',
  zeroInitResidual: false,
};

interface Outcome {
  /** C2 … C5, then the gradient of every trained parameter, then every buffer. */
  readonly values: readonly Float32Array[];
  readonly names: readonly string[];
  /** How many of them are outputs and gradients. */
  readonly computed: number;
  /** Most bytes in use while the loss and its gradients were recorded, above those before. */
  readonly peakBytes: number;
}

function bytesInUse(): number {
  const memory: object = tf.memory();
  if (!('numBytesInGPU' in memory)) throw new Error('numBytesInGPU');
  return Number(memory.numBytesInGPU);
}

/**
 * One gradient through a ResNet whose four outputs are all read, as a pyramid does, so that the outputs of the stages have
 * two readers.
 */
async function outcome(options: ResNetOptions, side = 64): Promise<Outcome> {
  const parameters = new ParameterSet(3);
  const network = new ResNet(parameters, options);
  const variables = parameters.trainable().map(({ variable }) => variable);
  const backend = activeBackend();
  let peak = 0;
  const x = tf.tensor4d(variedValues(2 * side * side * 3, 1), [2, side, side, 3]);
  await readTensor(x);
  const before = bytesInUse();
  const record = backend.dispatch.bind(backend);
  const spy = vi.spyOn(backend, 'dispatch').mockImplementation((dispatch) => {
    // Whatever a submission frees is free by now.
    backend.flush();
    record(dispatch);
    peak = Math.max(peak, bytesInUse());
  });
  const kept = tf.tidy(() => {
    const frozen = network.forwardFrozen(x);
    let outs: readonly Tensor[] = [];
    const { grads } = tf.variableGrads(() => {
      outs = network.forward(frozen, true).map((out) => tf.keep(out));
      const weighted = outs.map((out, i) => {
        const weight = tf.tensor(variedValues(out.size, i + 2), out.shape);
        return tf.sum(tf.mul(tf.square(out), weight));
      });
      return tf.addN(weighted).asScalar();
    }, variables);
    return [...outs, ...variables.map(({ name }) => grads[name] ?? tf.zeros([1]))];
  });
  spy.mockRestore();
  const buffers = parameters.list().filter(({ role }) => role === 'buffer');
  const values: Float32Array[] = [];
  for (const tensor of [...kept, ...buffers.map(({ variable }) => variable)])
    values.push(await readTensor(tensor));
  tf.dispose([x, ...kept]);
  const names = [
    'C2',
    'C3',
    'C4',
    'C5',
    ...parameters.trainable().map(({ name }) => name),
    ...buffers.map(({ name }) => name),
  ];
  parameters.dispose();
  return { values, names, computed: kept.length, peakBytes: peak - before };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describeOnGpu('ResNet with gradient checkpointing', () => {
  const variants: readonly (readonly [string, ResNetOptions])[] = [
    ['batch norms in training', tiny],
    [
      'basic blocks, batch norms in evaluation',
      {
        ...tiny,
        stages: { block: 'basic', blocks: [2, 1, 1, 1] },
        normEval: true,
      },
    ],
    ['stem and first stage frozen', { ...tiny, frozenStages: 1 }],
    [
      'ResNetV1d with group norms',
      {
        ...tiny,
        deepStem: true,
        avgDown: true,
        norm: { type: 'GN', requiresGrad: true, numGroups: 2 },
      },
    ],
    [
      'frozen batch norms',
      { ...tiny, norm: { type: 'FrozenBN', requiresGrad: true }, frozenStages: 0 },
    ],
  ];
  for (const [name, options] of variants) {
    gpuTest(`${name}: outputs, gradients and running statistics bit for bit`, async () => {
      const plain = await outcome(options);
      const sparing = await outcome({ ...options, withCp: true });
      expect(sparing.names).toEqual(plain.names);
      for (const [i, key] of plain.names.entries()) {
        const values = plain.values[i] ?? [];
        expect(sparing.values[i], key).toEqual(values);
        // Equality says nothing about zeros, which buffers may well hold.
        if (i < plain.computed) expect(Array.from(values).some(Boolean), key).toBe(true);
      }
      const moved = plain.names.findIndex((key) => key === 'backbone.layer4.0.bn3.running_mean');
      const moves = options.norm.type === 'BN' && !options.normEval;
      expect(plain.values[moved]?.some((value) => value !== 0) ?? false).toBe(moves);
    });
  }

  gpuTest('fewer bytes are in use at the peak', async () => {
    const options: ResNetOptions = {
      ...tiny,
      stages: { block: 'bottleneck', blocks: [2, 2, 2, 2] },
    };
    const plain = await outcome(options);
    const sparing = await outcome({ ...options, withCp: true });
    expect(sparing.peakBytes).toBeGreaterThan(0);
    expect(sparing.peakBytes / plain.peakBytes).toBeLessThan(0.75);
  });
});
