import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { countingGpuUse } from '../host/counting-gpu-use.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { variedValues } from '../host/varied-values.ts';
import { conv2dOnMaps } from './conv2d.ts';
import { convOnMapsReference } from './conv2d.reference.ts';
import { convOutputSize } from './conv-shape.ts';
import type { ConvShape } from './conv-shape.ts';

interface Case {
  readonly name: string;
  readonly batch: number;
  /** Height and width of each map. */
  readonly maps: readonly (readonly [number, number])[];
  readonly inChannels: number;
  readonly outChannels: number;
  readonly stride?: number;
  readonly groups?: number;
  readonly relu?: boolean;
  /** Without a bias unless said. */
  readonly bias?: boolean;
}

const base = { batch: 1, inChannels: 8, outChannels: 12, maps: [[7, 9]] } as const;

const CASES: readonly Case[] = [
  { name: 'one map', ...base, bias: true },
  { name: 'one map without a bias', ...base },
  {
    name: 'a pyramid, relu',
    ...base,
    batch: 2,
    maps: [
      [16, 20],
      [8, 10],
      [4, 5],
      [2, 3],
      [1, 2],
    ],
    relu: true,
    bias: true,
  },
  {
    name: 'a pyramid without a bias',
    ...base,
    maps: [
      [9, 5],
      [5, 3],
      [1, 1],
    ],
    relu: true,
  },
  {
    name: 'odd channels, stride 2',
    ...base,
    inChannels: 5,
    outChannels: 7,
    stride: 2,
    maps: [
      [9, 5],
      [4, 4],
    ],
    bias: true,
  },
  {
    name: 'more than one tile of columns and input channels',
    ...base,
    inChannels: 20,
    outChannels: 136,
    maps: [
      [5, 5],
      [3, 2],
    ],
    bias: true,
  },
  {
    name: 'enough channels for one split per map',
    ...base,
    inChannels: 128,
    outChannels: 128,
    maps: [
      [3, 3],
      [2, 2],
    ],
    bias: true,
  },
  {
    name: 'maps of one size',
    ...base,
    maps: [
      [4, 4],
      [4, 4],
    ],
    bias: true,
  },
  {
    name: 'groups',
    ...base,
    groups: 4,
    maps: [
      [6, 5],
      [3, 3],
      [2, 1],
    ],
    relu: true,
    bias: true,
  },
];

const shapesOf = (c: Case): readonly ConvShape[] =>
  c.maps.map(([height, width]) => ({
    batch: c.batch,
    height,
    width,
    inChannels: c.inChannels,
    outChannels: c.outChannels,
    kernelHeight: 3,
    kernelWidth: 3,
    stride: c.stride ?? 1,
    paddingY: 1,
    paddingX: 1,
    dilation: 1,
    groups: c.groups ?? 1,
  }));

type Size = [number, number, number, number];

function operands(c: Case) {
  const inPerGroup = c.inChannels / (c.groups ?? 1);
  return {
    kernel: [3, 3, inPerGroup, c.outChannels] as Size,
    w: variedValues(9 * inPerGroup * c.outChannels, 1),
    bias: c.bias === true ? variedValues(c.outChannels, 2) : undefined,
    maps: shapesOf(c).map((shape, i) => {
      const [oh, ow] = convOutputSize(shape);
      const size: Size = [shape.batch, shape.height, shape.width, shape.inChannels];
      const outSize: Size = [shape.batch, oh, ow, shape.outChannels];
      const count = (side: Size): number => side.reduce((product, n) => product * n);
      return {
        shape,
        size,
        outSize,
        x: variedValues(count(size), 10 + i),
        dy: variedValues(count(outSize), 20 + i),
      };
    }),
  };
}

/** y and dx of each map, dw and, with a bias, db, computed on the GPU. */
async function onGpu(c: Case): Promise<readonly Float32Array[]> {
  const { kernel, w, bias, maps } = operands(c);
  const tensors = tf.tidy(() => {
    const dys = maps.map(({ dy, outSize }) => tf.tensor4d(dy, outSize));
    const ys: Tensor[] = [];
    const loss = (weight: Tensor, ...rest: Tensor[]): Tensor => {
      const outputs = conv2dOnMaps(
        maps.map(({ size }, i) => (rest[i] ?? tf.zeros(size)).as4D(...size)),
        weight.as4D(...kernel),
        rest[maps.length]?.as1D() ?? null,
        { stride: c.stride ?? 1, padding: 1, groups: c.groups ?? 1, relu: c.relu ?? false },
      );
      ys.push(...outputs.map((y) => tf.keep(y.clone())));
      return tf.addN(outputs.map((y, i) => tf.sum(y.mul(dys[i] ?? y))));
    };
    const inputs = [
      tf.tensor4d(w, kernel),
      ...maps.map(({ x, size }) => tf.tensor4d(x, size)),
      ...(bias === undefined ? [] : [tf.tensor1d(bias)]),
    ];
    const [dw, ...rest] = tf.grads(loss as (...inputs: Tensor[]) => Tensor)(inputs);
    const dxs = rest.slice(0, maps.length);
    return [...ys, ...dxs, dw, ...rest.slice(maps.length)];
  });
  const read: Float32Array[] = [];
  for (const tensor of tensors) {
    if (tensor === undefined) throw new Error('no gradient');
    read.push(Float32Array.from(await readTensor(tensor)));
    tensor.dispose();
  }
  return read;
}

describeOnBackends<Case, readonly ArrayLike<number>[]>('conv2d on several maps', {
  cases: CASES,
  reference(c) {
    const { w, bias, maps } = operands(c);
    const { ys, dxs, dw, db } = convOnMapsReference(maps, w, bias, c.relu ?? false);
    return [...ys, ...dxs, dw, ...(bias === undefined ? [] : [db])];
  },
  webgpu: onGpu,
  compare(actual, wanted) {
    expect(actual).toHaveLength(wanted.length);
    wanted.forEach((values, i) => expectCloseToScale(actual[i] ?? [], values, 5e-6, `result ${i}`));
  },
});

describeOnGpu('conv2d on several maps', () => {
  gpuTest('two runs agree bit for bit', async () => {
    const c = {
      ...base,
      name: '',
      maps: [
        [16, 20],
        [8, 10],
        [4, 5],
      ],
      bias: true,
    } as const;
    expect(await onGpu(c)).toEqual(await onGpu(c));
  });

  gpuTest('what is frozen costs nothing and changes nothing', async () => {
    const { kernel, w, bias, maps } = operands({ ...base, name: '', bias: true });
    const [map] = maps;
    if (map === undefined || bias === undefined) throw new Error('a map and a bias');
    const gradient = async (trainable: boolean) => {
      const [weight, offset] = tf.tidy(() => [
        tf.variable(tf.tensor4d(w, kernel), trainable),
        tf.variable(tf.tensor1d(bias), trainable),
      ]);
      const x = tf.tensor4d(map.x, map.size);
      const dy = tf.tensor4d(map.dy, map.outSize);
      const options = { stride: 1, padding: 1 };
      const run = (input: Tensor): Tensor =>
        tf.addN([...conv2dOnMaps([input.as4D(...map.size)], weight, offset, options)]);
      const counter = countingGpuUse();
      const result = tf.grad(run)(x, dy);
      const values = await readTensor(result);
      counter.stop();
      tf.dispose([weight, offset, x, dy, result]);
      return { values, dispatches: counter.counts().dispatches };
    };
    const trained = await gradient(true);
    const frozen = await gradient(false);
    expect(frozen.values).toEqual(trained.values);
    expect(frozen.dispatches).toBe(trained.dispatches - 2);
  });
});
