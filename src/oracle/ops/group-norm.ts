import { groupNormReference } from '../../ops/norm/group-norm.reference.ts';
import { groupNorm } from '../../ops/norm/group-norm.ts';
import { nchwToNhwc } from '../../ops/oracle/nchw.ts';
import type { PackedArray } from '../../ops/oracle/parse-casepack.ts';
import { floats } from '../on-gpu.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter, Outputs } from '../op-adapter.ts';
import { runTwin } from '../oracle-case.ts';
import { differentiated, mapTensor, mapValues } from './differentiated.ts';

interface Input {
  /** [N, C, H, W], and the gradient of the result. */
  readonly x: PackedArray;
  readonly gradOut: PackedArray;
  readonly weight: readonly number[];
  readonly bias: readonly number[];
  readonly groups: number;
  readonly eps: number;
}

async function webgpu({ x, gradOut, weight, bias, groups, eps }: Input): Promise<Outputs> {
  const { shape } = nchwToNhwc(x);
  const channels = weight.length;
  const { value, grads } = await differentiated(
    () => [mapTensor(x), floats(weight, [channels]), floats(bias, [channels])],
    (map, scale, shift) =>
      groupNorm(map.as4D(...shape), scale.as1D(), shift.as1D(), { groups, eps, relu: false }),
    () => mapTensor(gradOut),
  );
  const [gradX, gradWeight, gradBias] = grads;
  if (!gradX || !gradWeight || !gradBias) throw new Error('group norm: three gradients');
  return {
    y: mapValues(value),
    grad_x: mapValues(gradX),
    grad_weight: gradWeight.data,
    grad_bias: gradBias.data,
  };
}

function reference({ x, gradOut, ...options }: Input): Outputs {
  const { shape, data } = nchwToNhwc(x);
  const { y, dx, dWeight, dBias } = groupNormReference({
    ...options,
    images: shape[0],
    x: data,
    dy: nchwToNhwc(gradOut).data,
    relu: false,
  });
  return {
    y: mapValues({ shape, data: y }),
    grad_x: mapValues({ shape, data: dx }),
    grad_weight: dWeight,
    grad_bias: dBias,
  };
}

export const GROUP_NORM_ADAPTERS: readonly OpAdapter[] = [
  opAdapter({
    op: 'group_norm',
    input: (c) => ({
      x: c.array('x'),
      gradOut: c.array('grad_out'),
      weight: c.values('weight'),
      bias: c.values('bias'),
      groups: c.number('groups'),
      eps: c.number('eps'),
    }),
    run: (input, backend) => runTwin({ webgpu, reference }, backend, input),
    results: { y: 'sum', grad_x: 'sum', grad_weight: 'sum', grad_bias: 'sum' },
  }),
];
