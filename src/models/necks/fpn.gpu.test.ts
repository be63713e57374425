import { expect } from 'vitest';
import { convReference } from '../../ops/conv/conv2d.reference.ts';
import { convOutputSize } from '../../ops/conv/conv-shape.ts';
import { describeOnGpu, gpuTest } from '../../ops/host/describe-on-backends.ts';
import { expectCloseToScale } from '../../ops/host/expect-close-to-scale.ts';
import { variedValues } from '../../ops/host/varied-values.ts';
import { groupNormReference } from '../../ops/norm/group-norm.reference.ts';
import { maxPoolReference, maxPoolSize } from '../../ops/pool/max-pool.reference.ts';
import { upsampleAddReference } from '../../ops/upsample-add/upsample-add.reference.ts';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { ParameterSet } from '../parameter-set.ts';
import { Fpn } from './fpn.ts';
import type { FpnOptions } from './fpn.ts';

/** A feature map on the host, NHWC, batch 1. */
interface HostMap {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: ArrayLike<number>;
}

/** Sides of the backbone's outputs for an input of 72 × 40: odd ones among them. */
const SIDES = [
  [18, 10],
  [9, 5],
  [5, 3],
  [3, 2],
] as const;
const base: FpnOptions = {
  inChannels: [4, 6, 8, 12],
  outChannels: 8,
  startLevel: 1,
  numOuts: 5,
  addExtraConvs: 'on_input',
  reluBeforeExtraConvs: false,
};
const GN = { type: 'GN', requiresGrad: true, numGroups: 2 } as const;

const CASES: readonly (readonly [string, FpnOptions])[] = [
  ['on_input', base],
  ['on_lateral', { ...base, addExtraConvs: 'on_lateral' }],
  ['on_output', { ...base, addExtraConvs: 'on_output' }],
  [
    'on_output, ReLU before the second',
    { ...base, addExtraConvs: 'on_output', reluBeforeExtraConvs: true },
  ],
  ['max pooling', { ...base, startLevel: 0, addExtraConvs: false }],
  ['no extra level', { ...base, numOuts: 3 }],
  ['end_level', { ...base, startLevel: 0, endLevel: 1, numOuts: 2 }],
  ['one level', { ...base, startLevel: 3, numOuts: 1 }],
  ['norm and ReLU', { ...base, norm: GN, relu: true }],
  [
    'norm but not on laterals',
    { ...base, norm: GN, noNormOnLateral: true, addExtraConvs: 'on_lateral' },
  ],
];

const inputs: readonly HostMap[] = SIDES.map(([height, width], i) => {
  const channels = base.inChannels[i] ?? 0;
  return { height, width, channels, data: variedValues(height * width * channels, i + 1) };
});

/** A ConvModule by its twins. */
function convTwin(
  weights: ReadonlyMap<string, Float32Array>,
  prefix: string,
  { norm, relu }: Pick<FpnOptions, 'norm' | 'relu'>,
): (x: HostMap, kernel: number, stride: number) => HostMap {
  return (x, kernel, stride) => {
    const shape = {
      batch: 1,
      height: x.height,
      width: x.width,
      inChannels: x.channels,
      outChannels: 8,
      kernelHeight: kernel,
      kernelWidth: kernel,
      stride,
      paddingY: (kernel - 1) / 2,
      paddingX: (kernel - 1) / 2,
      dilation: 1,
      groups: 1,
    };
    const bias = weights.get(`${prefix}.conv.bias`);
    expect(bias === undefined).toBe(norm !== undefined);
    const weight = weights.get(`${prefix}.conv.weight`) ?? [];
    const plain = convReference(shape, x.data, weight, []).y.map(
      (v, i) => v + (bias?.[i % 8] ?? 0),
    );
    const normalised =
      norm === undefined
        ? plain
        : groupNormReference({
            images: 1,
            groups: 2,
            x: plain,
            weight: weights.get(`${prefix}.gn.weight`) ?? [],
            bias: weights.get(`${prefix}.gn.bias`) ?? [],
            dy: [],
            relu: false,
            eps: 1e-5,
          }).y;
    const [height, width] = convOutputSize(shape);
    const data = relu === true ? normalised.map((v) => Math.max(v, 0)) : normalised;
    return { height, width, channels: 8, data };
  };
}

function upsampleTwin(lateral: HostMap, small: HostMap): HostMap {
  const shape = {
    batch: 1,
    height: lateral.height,
    width: lateral.width,
    channels: 8,
    smallHeight: small.height,
    smallWidth: small.width,
  };
  return { ...lateral, data: upsampleAddReference(shape, lateral.data, small.data, []).y };
}

function subsampleTwin(x: HostMap): HostMap {
  const shape = { ...x, batch: 1, kernelSize: 1, stride: 2, padding: 0 };
  const [height, width] = maxPoolSize(shape);
  return { ...x, height, width, data: maxPoolReference(shape, x.data, []).y };
}

/** The pyramid by MMDetection's forward, on twins. */
function pyramidTwin(
  weights: ReadonlyMap<string, Float32Array>,
  options: FpnOptions,
): readonly HostMap[] {
  const {
    startLevel,
    endLevel = -1,
    numOuts,
    addExtraConvs,
    noNormOnLateral,
    norm,
    ...rest
  } = options;
  const normed = norm === undefined ? rest : { ...rest, norm };
  const used = inputs.slice(startLevel, endLevel === -1 ? 4 : endLevel + 1);
  const laterals = used.map((x, i) =>
    convTwin(weights, `neck.lateral_convs.${i}`, noNormOnLateral === true ? rest : normed)(x, 1, 1),
  );
  for (let i = used.length - 1; i > 0; i--) {
    const [lateral, small] = [laterals[i - 1], laterals[i]];
    if (lateral !== undefined && small !== undefined)
      laterals[i - 1] = upsampleTwin(lateral, small);
  }
  const fpnConv = (i: number) => convTwin(weights, `neck.fpn_convs.${i}`, normed);
  const outs = laterals.map((x, i) => fpnConv(i)(x, 3, 1));
  while (outs.length < numOuts) {
    const previous = outs.at(-1);
    const first = { on_input: used.at(-1), on_lateral: laterals.at(-1), on_output: previous };
    const isFirst = outs.length === used.length;
    const source = isFirst && addExtraConvs !== false ? first[addExtraConvs] : previous;
    if (source === undefined) throw new Error('no source');
    const relu = !isFirst && options.reluBeforeExtraConvs;
    const read = relu
      ? { ...source, data: Array.from(source.data, (v) => Math.max(v, 0)) }
      : source;
    outs.push(addExtraConvs === false ? subsampleTwin(read) : fpnConv(outs.length)(read, 3, 2));
  }
  return outs;
}

describeOnGpu('Fpn', () => {
  for (const [name, options] of CASES) {
    gpuTest(`${name}: as its twins`, async () => {
      await tf.ready();
      const parameters = new ParameterSet(2);
      const neck = new Fpn(parameters, options);
      const outs = tf.tidy(() =>
        neck
          .forward(
            inputs.map(({ height, width, channels, data }) =>
              tf.tensor4d(Float32Array.from(data), [1, height, width, channels]),
            ),
          )
          .map((out) => out.clone()),
      );
      const weights = new Map<string, Float32Array>();
      for (const parameter of parameters.list())
        weights.set(parameter.name, await readTensor(parameter.variable));
      const wanted = pyramidTwin(weights, options);
      expect(outs.map(({ shape }) => shape)).toEqual(
        wanted.map(({ height, width, channels }) => [1, height, width, channels]),
      );
      for (const [i, out] of outs.entries())
        expectCloseToScale(await readTensor(out), wanted[i]?.data ?? [], 1e-5, `level ${i}`);
      tf.dispose(outs);
      parameters.dispose();
    });
  }
});
