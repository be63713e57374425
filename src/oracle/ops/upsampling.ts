import { nchwToNhwc } from '../../ops/oracle/nchw.ts';
import type { PackedArray } from '../../ops/oracle/parse-casepack.ts';
import { upsampleAddReference } from '../../ops/upsample-add/upsample-add.reference.ts';
import { upsampleAdd } from '../../ops/upsample-add/upsample-add.ts';
import { floats } from '../on-gpu.ts';
import { runTwin } from '../oracle-case.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter, Outputs } from '../op-adapter.ts';
import { differentiated, mapTensor, mapValues } from './differentiated.ts';

interface Input {
  readonly x: PackedArray;
  readonly gradOut: PackedArray;
}

/** Nearest upsampling alone is the top-down addition to a lateral map of zeros. */
async function webgpu({ x, gradOut }: Input): Promise<Outputs> {
  const [batch = 0, channels = 0, smallHeight = 0, smallWidth = 0] = x.shape;
  const [, , height = 0, width = 0] = gradOut.shape;
  const shape: [number, number, number, number] = [batch, height, width, channels];
  const { value, grads } = await differentiated(
    () => [mapTensor(x)],
    (small) =>
      upsampleAdd(
        floats(new Float32Array(batch * height * width * channels), shape).as4D(...shape),
        small.as4D(batch, smallHeight, smallWidth, channels),
      ),
    () => mapTensor(gradOut),
  );
  return { y: mapValues(value), ...(grads[0] ? { grad_x: mapValues(grads[0]) } : {}) };
}

function reference({ x, gradOut }: Input): Outputs {
  const [batch = 0, channels = 0, smallHeight = 0, smallWidth = 0] = x.shape;
  const [, , height = 0, width = 0] = gradOut.shape;
  const lateral = new Float32Array(batch * height * width * channels);
  const { y, dSmall } = upsampleAddReference(
    { batch, height, width, channels, smallHeight, smallWidth },
    lateral,
    nchwToNhwc(x).data,
    nchwToNhwc(gradOut).data,
  );
  return {
    y: mapValues({ shape: [batch, height, width, channels], data: y }),
    grad_x: mapValues({ shape: [batch, smallHeight, smallWidth, channels], data: dSmall }),
  };
}

export const UPSAMPLING_ADAPTERS: readonly OpAdapter[] = [
  opAdapter({
    op: 'upsample_nearest',
    input: (c) => ({ x: c.array('x'), gradOut: c.array('grad_out') }),
    run: (input, backend) => runTwin({ webgpu, reference }, backend, input),
    results: { y: 'close', grad_x: 'close' },
  }),
];
