import { normaliseImagesReference } from '../../ops/image/normalise-image.reference.ts';
import { normaliseImages } from '../../ops/image/normalise-image.ts';
import { uploadBytes } from '../../tensor/upload.ts';
import { ints, readOneOnGpu } from '../on-gpu.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter } from '../op-adapter.ts';
import { runTwin } from '../oracle-case.ts';
import type { Twin } from '../oracle-case.ts';

export interface NormaliseInput {
  readonly height: number;
  readonly width: number;
  /** [H, W, 3], RGB bytes. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** In the order of the result's channels. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Whether the result is RGB; else BGR. */
  readonly rgb: boolean;
}

/** (value − mean) / std, [3, H, W]. The GPU's frames are whole words wide; what is added there is cut off again. */
export const normaliseTwin: Twin<NormaliseInput, ArrayLike<number>> = {
  async webgpu({ height, width, pixels, ...norm }) {
    const frame = Math.ceil(width / 4) * 4;
    const bytes = new Uint8Array(height * frame * 3);
    for (let row = 0; row < height; row++) {
      bytes.set(pixels.subarray(row * width * 3, (row + 1) * width * 3), row * frame * 3);
    }
    const { data } = await readOneOnGpu(() =>
      normaliseImages(uploadBytes(bytes), ints([height, width], [1, 2]), [1, height, frame], norm),
    );
    return channelsFirst(data, height, width, frame);
  },
  reference: ({ height, width, pixels, ...norm }) =>
    channelsFirst(
      normaliseImagesReference(pixels, [[height, width]], [1, height, width], norm),
      height,
      width,
      width,
    ),
};

function channelsFirst(
  values: ArrayLike<number>,
  height: number,
  width: number,
  rowLength: number,
): Float32Array {
  const out = new Float32Array(3 * height * width);
  let at = 0;
  for (let channel = 0; channel < 3; channel++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        out[at++] = values[(row * rowLength + column) * 3 + channel] ?? Number.NaN;
      }
  return out;
}

export const NORMALISE_ADAPTERS: readonly OpAdapter[] = [
  opAdapter({
    op: 'normalize',
    outOfScope: (c) =>
      c.values('x').every((value) => Number.isInteger(value) && value >= 0 && value <= 255)
        ? undefined
        : 'the engine normalises bytes, and these values are none',
    input(c): NormaliseInput {
      const { shape, data } = c.array('x');
      const [height = 0, width = 0] = shape.slice(-2);
      const size = height * width;
      const pixels = Uint8Array.from({ length: 3 * size }, (_, i) => {
        return data[(i % 3) * size + Math.floor(i / 3)] ?? 0;
      });
      return { height, width, pixels, mean: c.values('mean'), std: c.values('std'), rgb: true };
    },
    run: async (input, backend) => ({ y: await runTwin(normaliseTwin, backend, input) }),
    results: { y: 'close' },
  }),
];
