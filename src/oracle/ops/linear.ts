import { linearReference } from '../../ops/linear/linear.reference.ts';
import { linear } from '../../ops/linear/linear.ts';
import { transposed } from '../../ops/oracle/nchw.ts';
import type { PackedCase } from '../../ops/oracle/parse-casepack.ts';
import { floats } from '../on-gpu.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter, Outputs } from '../op-adapter.ts';
import { runTwin } from '../oracle-case.ts';
import { differentiated } from './differentiated.ts';

interface Input {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  /** [rows, inputs] */
  readonly x: readonly number[];
  /** [inputs, outputs] */
  readonly weight: ArrayLike<number>;
  readonly bias: readonly number[] | null;
  /** Of the result; null: only the value is wanted. */
  readonly gradOut: readonly number[] | null;
}

async function webgpu(input: Input): Promise<Outputs> {
  const { rows, inputs, outputs, x, weight, bias, gradOut } = input;
  const { value, grads } = await differentiated(
    () => [
      floats(x, [rows, inputs]),
      floats(weight, [inputs, outputs]),
      ...(bias === null ? [] : [floats(bias, [outputs])]),
    ],
    (features, matrix, shift) =>
      linear(features.as2D(rows, inputs), matrix.as2D(inputs, outputs), shift?.as1D() ?? null),
    gradOut === null ? null : () => floats(gradOut, [rows, outputs]),
  );
  const [gradX, gradW, gradB] = grads;
  return {
    y: value.data,
    ...(gradX === undefined ? {} : { grad_x: gradX.data }),
    ...(gradW === undefined
      ? {}
      : { grad_w: transposed({ shape: [inputs, outputs], data: gradW.data }).data }),
    ...(gradB === undefined ? {} : { grad_b: gradB.data }),
  };
}

function reference({ rows, inputs, outputs, x, weight, bias, gradOut }: Input): Outputs {
  const { y, dx, dWeight, dBias } = linearReference({
    inputs,
    outputs,
    x,
    weight,
    ...(bias === null ? {} : { bias }),
    dy: gradOut ?? new Float64Array(rows * outputs),
    relu: false,
  });
  return {
    y,
    grad_x: dx,
    grad_w: transposed({ shape: [inputs, outputs], data: dWeight }).data,
    grad_b: dBias,
  };
}

/** PyTorch's weight is [outputs, inputs]; whatever is behind the rows of x is flattened in its own order. */
function inputOf(c: PackedCase): Input {
  const [rows = 0] = c.array('x').shape;
  const [outputs = 0, inputs = 0] = c.array('w').shape;
  return {
    rows,
    inputs,
    outputs,
    x: c.values('x'),
    weight: transposed(c.array('w')).data,
    bias: c.has('b') ? c.values('b') : null,
    gradOut: c.has('grad_out') ? c.values('grad_out') : null,
  };
}

/** RoI features enter the first layer channel by channel (C, H, W), as `flatten_linear` shows. */
export const LINEAR_ADAPTERS: readonly OpAdapter[] = ['linear', 'flatten_linear'].map((op) =>
  opAdapter({
    op,
    input: inputOf,
    run: (input, backend) => runTwin({ webgpu, reference }, backend, input),
    results: { y: 'sum', grad_x: 'sum', grad_w: 'sum', grad_b: 'sum' },
  }),
);
