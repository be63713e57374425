import { nhwcToNchw } from '../../ops/oracle/nchw.ts';
import type { PlainArray } from '../models/model-under-test.ts';
import { addTo, gradientOf } from './tape.ts';
import type { Value } from './tape.ts';

/** The rows of one image of all levels, one level after the other. */
export function imageRows(levels: readonly Value[], image: number): Float32Array<ArrayBuffer> {
  const parts = levels.map((level) => ofImage(level, level.data, image));
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The rows of all images, image after image. */
export function batchRows(levels: readonly Value[]): number[] {
  const [batch = 0] = levels[0]?.shape ?? [];
  return Array.from({ length: batch }, (_, image) => [...imageRows(levels, image)]).flat();
}

/** Adds the gradient of {@link batchRows}' result to the levels. */
export function addBatchRows(levels: readonly Value[], gradient: ArrayLike<number>): void {
  const [batch = 0] = levels[0]?.shape ?? [];
  const values = Float32Array.from(gradient);
  let at = 0;
  for (let image = 0; image < batch; image++) {
    for (const level of levels) {
      const target = ofImage(level, gradientOf(level), image);
      addTo(target, values.subarray(at, at + target.length));
      at += target.length;
    }
  }
}

function ofImage({ shape }: Value, data: Float32Array, image: number): Float32Array {
  const [batch = 1] = shape;
  const size = data.length / batch;
  return data.subarray(image * size, (image + 1) * size);
}

/** A map in PyTorch's order. */
export function plain({ shape, data }: Value): PlainArray {
  return nhwcToNchw({ shape, data });
}
