import { expect } from 'vitest';
import { convOutputSize } from '../../ops/conv/conv-shape.ts';
import { convReference } from '../../ops/conv/conv2d.reference.ts';
import { describeOnGpu, gpuTest } from '../../ops/host/describe-on-backends.ts';
import { expectCloseToScale } from '../../ops/host/expect-close-to-scale.ts';
import { variedValues } from '../../ops/host/varied-values.ts';
import { avgPoolReference } from '../../ops/pool/avg-pool.reference.ts';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { ParameterSet } from '../parameter-set.ts';
import { ResidualBlock } from './residual-block.ts';
import type { ResidualBlockSpec } from './residual-block.ts';

const base: ResidualBlockSpec = {
  name: 'block',
  kind: 'bottleneck',
  inChannels: 8,
  planes: 4,
  stride: 2,
  style: 'pytorch',
  avgDown: false,
  norm: { type: 'BN', requiresGrad: true },
  frozen: false,
  normEvaluation: true,
  zeroInitResidual: false,
};
const SIDES = [7, 5] as const;

interface HostMap {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float64Array;
}

/** Convolution and a batch norm that has seen nothing yet (mean 0, variance 1), by their twins. */
function convNorm(x: HostMap, weight: Float32Array, kernel: number, stride: number): HostMap {
  const outChannels = weight.length / (kernel * kernel * x.channels);
  const shape = {
    batch: 1,
    height: x.height,
    width: x.width,
    inChannels: x.channels,
    outChannels,
    kernelHeight: kernel,
    kernelWidth: kernel,
    stride,
    paddingY: (kernel - 1) / 2,
    paddingX: (kernel - 1) / 2,
    dilation: 1,
    groups: 1,
  };
  const [height, width] = convOutputSize(shape);
  const { y } = convReference(shape, x.data, weight, []);
  return { height, width, channels: outChannels, data: y.map((v) => v / Math.sqrt(1 + 1e-5)) };
}

const positive = (x: HostMap): HostMap => ({ ...x, data: x.data.map((v) => Math.max(v, 0)) });

/** The layers' kernels and strides, and the shortcut: which weight, and what is pooled before it. */
interface Case {
  readonly name: string;
  readonly spec: Partial<ResidualBlockSpec>;
  readonly layers: readonly (readonly [kernel: number, stride: number])[];
  readonly shortcut?: { readonly key: string; readonly stride: number; readonly pool: number };
}

const CASES: readonly Case[] = [
  {
    name: 'bottleneck, stride on the 3×3',
    spec: {},
    layers: [
      [1, 1],
      [3, 2],
      [1, 1],
    ],
    shortcut: { key: 'downsample.0', stride: 2, pool: 1 },
  },
  {
    name: 'caffe: stride on the first 1×1',
    spec: { style: 'caffe' },
    layers: [
      [1, 2],
      [3, 1],
      [1, 1],
    ],
    shortcut: { key: 'downsample.0', stride: 2, pool: 1 },
  },
  {
    name: 'avg_down: pooled, then a convolution of stride 1',
    spec: { avgDown: true },
    layers: [
      [1, 1],
      [3, 2],
      [1, 1],
    ],
    shortcut: { key: 'downsample.1', stride: 1, pool: 2 },
  },
  {
    name: 'avg_down where only the channels change',
    spec: { avgDown: true, stride: 1, kind: 'basic' },
    layers: [
      [3, 1],
      [3, 1],
    ],
    shortcut: { key: 'downsample.1', stride: 1, pool: 1 },
  },
  {
    name: 'no shortcut convolution',
    spec: { stride: 1, planes: 2 },
    layers: [
      [1, 1],
      [3, 1],
      [1, 1],
    ],
  },
];

describeOnGpu('ResidualBlock', () => {
  for (const { name, spec, layers, shortcut } of CASES) {
    gpuTest(`${name}: as its twins, checkpointed or not`, async () => {
      await tf.ready();
      const parameters = new ParameterSet(4);
      const block = new ResidualBlock(parameters, { ...base, ...spec });
      const weightOf = async (key: string): Promise<Float32Array> => {
        const parameter = parameters.get(`block.${key}.weight`);
        if (parameter === undefined) throw new Error(`no ${key}`);
        return readTensor(parameter.variable);
      };
      const [height, width] = SIDES;
      const values = variedValues(height * width * 8, 1);
      const x: HostMap = { height, width, channels: 8, data: Float64Array.from(values) };
      let wanted = x;
      for (const [i, [kernel, stride]] of layers.entries()) {
        wanted = convNorm(wanted, await weightOf(`conv${i + 1}`), kernel, stride);
        if (i < layers.length - 1) wanted = positive(wanted);
      }
      let direct = x;
      if (shortcut !== undefined) {
        const shape = { ...x, batch: 1, kernelSize: shortcut.pool };
        const pooled: HostMap = {
          height: Math.ceil(height / shortcut.pool),
          width: Math.ceil(width / shortcut.pool),
          channels: 8,
          data: avgPoolReference(shape, values, []).y,
        };
        direct = convNorm(pooled, await weightOf(shortcut.key), 1, shortcut.stride);
      }
      const sum = positive({
        ...wanted,
        data: wanted.data.map((v, i) => v + (direct.data[i] ?? 0)),
      });
      const input = tf.tensor4d(values, [1, height, width, 8]);
      const plain = tf.tidy(() => block.forward(input, true));
      const sparing = tf.tidy(() => block.forwardCheckpointed(input, true, true));
      expect(plain.shape).toEqual([1, sum.height, sum.width, block.outChannels]);
      const result = await readTensor(plain);
      expectCloseToScale(result, sum.data, 1e-5, 'y');
      expect(await readTensor(sparing)).toEqual(result);
      tf.dispose([input, plain, sparing]);
      parameters.dispose();
    });
  }
});
