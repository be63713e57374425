import { convReference } from '../../ops/conv/conv2d.reference.ts';
import { conv2d } from '../../ops/conv/conv2d.ts';
import { convOutputSize } from '../../ops/conv/conv-shape.ts';
import type { ConvShape } from '../../ops/conv/conv-shape.ts';
import { channelSumsReference } from '../../ops/norm/channel-sums.reference.ts';
import { hwioToOihw, nchwToNhwc, oihwToHwio } from '../../ops/oracle/nchw.ts';
import type { FourD } from '../../ops/oracle/nchw.ts';
import type { PackedArray, PackedCase } from '../../ops/oracle/parse-casepack.ts';
import { floats } from '../on-gpu.ts';
import { runTwin } from '../oracle-case.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter, Outputs } from '../op-adapter.ts';
import { differentiated, mapTensor, mapValues } from './differentiated.ts';

interface Input {
  /** [N, CI, H, W] */
  readonly x: PackedArray;
  /** [CO, CI / groups, KH, KW] */
  readonly w: PackedArray;
  readonly bias: readonly number[] | null;
  readonly gradOut: PackedArray;
  readonly stride: number;
  readonly padding: readonly [number, number];
  readonly dilation: number;
  readonly groups: number;
}

function shapeOf({ x, w, stride, padding, dilation, groups }: Input): ConvShape {
  const [batch = 0, inChannels = 0, height = 0, width = 0] = x.shape;
  const [outChannels = 0, , kernelHeight = 0, kernelWidth = 0] = w.shape;
  const [paddingY, paddingX] = padding;
  const sizes = { batch, height, width, inChannels, outChannels, kernelHeight, kernelWidth };
  return { ...sizes, stride, paddingY, paddingX, dilation, groups };
}

async function webgpu(input: Input): Promise<Outputs> {
  const { x, w, bias, gradOut, stride, padding, dilation, groups } = input;
  const mapShape = nchwToNhwc(x).shape;
  const weight: FourD = oihwToHwio(w);
  const { value, grads } = await differentiated(
    () => [
      mapTensor(x),
      floats(weight.data, weight.shape),
      ...(bias === null ? [] : [floats(bias, [bias.length])]),
    ],
    (map, kernel, vector) =>
      conv2d(map.as4D(...mapShape), kernel.as4D(...weight.shape), vector?.as1D() ?? null, {
        stride,
        padding,
        dilation,
        groups,
      }),
    () => mapTensor(gradOut),
  );
  const [gradX, gradW, gradB] = grads;
  if (gradX === undefined || gradW === undefined) throw new Error('conv2d: two gradients');
  return {
    y: mapValues(value),
    grad_x: mapValues(gradX),
    grad_w: hwioToOihw(gradW).data,
    ...(gradB === undefined ? {} : { grad_b: gradB.data }),
  };
}

function reference(input: Input): Outputs {
  const { x, w, bias, gradOut } = input;
  const shape = shapeOf(input);
  const map = nchwToNhwc(x);
  const weight = oihwToHwio(w);
  const dy = nchwToNhwc(gradOut).data;
  const { y, dx, dw } = convReference(shape, map.data, weight.data, dy);
  const { batch, outChannels } = shape;
  const biased = bias === null ? y : y.map((value, i) => value + (bias[i % outChannels] ?? 0));
  return {
    y: mapValues({ shape: [batch, ...convOutputSize(shape), outChannels], data: biased }),
    grad_x: mapValues({ shape: map.shape, data: dx }),
    grad_w: hwioToOihw({ shape: weight.shape, data: dw }).data,
    grad_b: channelSumsReference(dy, outChannels),
  };
}

/** A number for both directions, or [vertical, horizontal]. */
function pair(c: PackedCase, key: string): readonly [number, number] {
  const [y = 0, x = y] = c.values(key);
  return [y, x];
}

export const CONV_ADAPTERS: readonly OpAdapter[] = [
  opAdapter({
    op: 'conv2d',
    input: (c): Input => ({
      x: c.array('x'),
      w: c.array('w'),
      bias: c.has('b') ? c.values('b') : null,
      gradOut: c.array('grad_out'),
      stride: c.number('stride'),
      padding: pair(c, 'padding'),
      dilation: c.has('dilation') ? c.number('dilation') : 1,
      groups: c.has('groups') ? c.number('groups') : 1,
    }),
    run: (input, backend) => runTwin({ webgpu, reference }, backend, input),
    results: { y: 'sum', grad_x: 'sum', grad_w: 'sum', grad_b: 'sum' },
  }),
];
