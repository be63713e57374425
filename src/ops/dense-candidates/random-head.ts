import { rng } from '../../base/rng.ts';
import type { HeadOutputs } from './dense-candidates.reference.ts';

/** One level of 16-pixel cells with one square anchor of 32 pixels each, and a second of 32-pixel cells. */
function anchorsOf(): { anchors: Float32Array; levelSizes: number[] } {
  const level = (cells: number, stride: number) =>
    Array.from({ length: cells * cells }, (_, cell) => {
      const x = (cell % cells) * stride;
      const y = Math.floor(cell / cells) * stride;
      return [x - stride, y - stride, x + stride, y + stride];
    }).flat();
  return { anchors: Float32Array.from([...level(8, 16), ...level(4, 32)]), levelSizes: [64, 16] };
}

/** Outputs of a head with two levels for one image of about 120 × 110 pixels. Used by tests only. */
export function randomHead(seed: number, numClasses: number): HeadOutputs {
  const random = rng(seed);
  const { anchors, levelSizes } = anchorsOf();
  const count = anchors.length / 4;
  return {
    anchors,
    levelSizes,
    numClasses,
    logits: Float32Array.from({ length: count * numClasses }, () => random.normal() * 2 - 1),
    deltas: Float32Array.from({ length: count * 4 }, () => random.normal() / 2),
    imgShape: [120, 110 + (seed % 7)],
    scaleFactor: null,
  };
}
