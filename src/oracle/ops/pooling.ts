import { nchwToNhwc } from '../../ops/oracle/nchw.ts';
import type { PackedArray } from '../../ops/oracle/parse-casepack.ts';
import { maxPoolReference, maxPoolSize } from '../../ops/pool/max-pool.reference.ts';
import type { MaxPoolShape } from '../../ops/pool/max-pool.reference.ts';
import { maxPool } from '../../ops/pool/max-pool.ts';
import { runTwin } from '../oracle-case.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter, Outputs } from '../op-adapter.ts';
import { differentiated, mapTensor, mapValues } from './differentiated.ts';

interface Input {
  readonly x: PackedArray;
  readonly gradOut: PackedArray;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
}

function shapeOf({ x, kernelSize, stride, padding }: Input): MaxPoolShape {
  const [batch = 0, channels = 0, height = 0, width = 0] = x.shape;
  return { batch, height, width, channels, kernelSize, stride, padding };
}

async function webgpu(input: Input): Promise<Outputs> {
  const { batch, height, width, channels, ...options } = shapeOf(input);
  const { value, grads } = await differentiated(
    () => [mapTensor(input.x)],
    (x) => maxPool(x.as4D(batch, height, width, channels), options),
    () => mapTensor(input.gradOut),
  );
  return { y: mapValues(value), ...(grads[0] ? { grad_x: mapValues(grads[0]) } : {}) };
}

function reference(input: Input): Outputs {
  const shape = shapeOf(input);
  const { batch, height, width, channels } = shape;
  const { y, dx } = maxPoolReference(
    shape,
    nchwToNhwc(input.x).data,
    nchwToNhwc(input.gradOut).data,
  );
  return {
    y: mapValues({ shape: [batch, ...maxPoolSize(shape), channels], data: y }),
    grad_x: mapValues({ shape: [batch, height, width, channels], data: dx }),
  };
}

export const POOLING_ADAPTERS: readonly OpAdapter[] = [
  opAdapter({
    op: 'maxpool',
    input: (c) => ({
      x: c.array('x'),
      gradOut: c.array('grad_out'),
      kernelSize: c.number('k'),
      stride: c.number('stride'),
      padding: c.number('padding'),
    }),
    run: (input, backend) => runTwin({ webgpu, reference }, backend, input),
    results: { y: 'close', grad_x: 'close' },
  }),
];
