import { nchwToNhwc } from '../../ops/oracle/nchw.ts';
import type { PackedArray } from '../../ops/oracle/parse-casepack.ts';
import { resizeBilinearReference } from '../../ops/resize-bilinear/resize-bilinear.reference.ts';
import { resizeBilinear } from '../../ops/resize-bilinear/resize-bilinear.ts';
import { readOneOnGpu } from '../on-gpu.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter } from '../op-adapter.ts';
import { runTwin } from '../oracle-case.ts';
import type { Twin } from '../oracle-case.ts';
import { mapTensor, mapValues } from './differentiated.ts';

interface Input {
  readonly x: PackedArray;
  readonly outHeight: number;
  readonly outWidth: number;
}

const twin: Twin<Input, ArrayLike<number>> = {
  async webgpu({ x, outHeight, outWidth }) {
    return mapValues(await readOneOnGpu(() => resizeBilinear(mapTensor(x), [outHeight, outWidth])));
  },
  reference({ x, outHeight, outWidth }) {
    const { shape, data } = nchwToNhwc(x);
    const [batch, height, width, channels] = shape;
    const y = resizeBilinearReference(
      { batch, height, width, channels, outHeight, outWidth },
      data,
    );
    return mapValues({ shape: [batch, outHeight, outWidth, channels], data: y });
  },
};

export const RESIZE_BILINEAR_ADAPTERS: readonly OpAdapter[] = [
  opAdapter({
    op: 'resize_bilinear',
    outOfScope(c) {
      if (c.has('align_corners') && c.flag('align_corners')) return 'corners that are aligned';
      return c.has('antialias') && c.flag('antialias') ? 'antialiasing' : undefined;
    },
    input: (c): Input => ({
      x: c.array('x'),
      outHeight: c.number('out_h'),
      outWidth: c.number('out_w'),
    }),
    run: async (input, backend) => ({ y: await runTwin(twin, backend, input) }),
    results: { y: 'close' },
  }),
];
