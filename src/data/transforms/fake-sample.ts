/** Samples and random numbers for tests of transforms. */
import { rng } from '../../base/rng.ts';
import type { Rng } from '../../base/rng.ts';
import type { PixelImage } from '../pixels/pixel-image.ts';
import type { PipelineSample } from './pipeline-sample.ts';

/** Draws these numbers of [0, 1) in turn, then fails. Whole numbers are scaled from them; a permutation draws one per swap. */
export function scripted(...numbers: number[]): Rng {
  const left = [...numbers];
  const float = (): number => {
    const drawn = left.shift();
    if (drawn === undefined) throw new Error('drew more often than planned');
    return drawn;
  };
  const int = (low: number, high: number): number => low + Math.floor(float() * (high - low));
  const others = rng(0);
  return {
    float,
    int,
    uint32: () => Math.floor(float() * 4294967296),
    normal: () => others.normal(),
    shuffle: (items) => others.shuffle(items),
    permutation: (n) => {
      const order = Uint32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = int(0, i + 1);
        [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
      }
      return order;
    },
  };
}

/** An image in which red counts columns, green rows, and blue is `blue`; labels count from 0, every second box is ignored. */
export function fakeSample(
  width: number,
  height: number,
  boxes: readonly (readonly number[])[] = [],
  blue = 7,
): PipelineSample {
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return [pixel % width, Math.floor(pixel / width), blue][i % 3] ?? 0;
  });
  return {
    image: { width, height, data },
    boxes: Float32Array.from(boxes.flat()),
    labels: Int32Array.from(boxes.keys()),
    ignoreFlags: Uint8Array.from(boxes, (_, i) => i % 2),
    oriShape: [height, width],
    scaleFactor: [1, 1],
    flipDirection: null,
  };
}

/** Red, green, blue at (x, y). */
export function pixelAt({ width, data }: PixelImage, x: number, y: number): number[] {
  const at = 3 * (y * width + x);
  return [...data.subarray(at, at + 3)];
}

/** [n · 4] as n rows. */
export function boxRows(boxes: Float32Array): number[][] {
  return Array.from({ length: boxes.length / 4 }, (_, i) => [...boxes.subarray(4 * i, 4 * i + 4)]);
}
