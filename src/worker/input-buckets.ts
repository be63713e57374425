import type { InputFrame } from '../config/input-frames.ts';
import type { InputSize } from '../data/loader/bucket.ts';

/**
 * The padded sizes that a run may use: those of the smallest and the largest frame into which images are resized. Few sizes, so that a step's shapes
 * repeat; none when sizes have no bound, and then batches have the size that they need.
 *
 * @param divisor pad_size_divisor
 */
export function inputBuckets(frames: readonly InputFrame[], divisor: number): readonly InputSize[] {
  const byArea = frames.toSorted((a, b) => area(a) - area(b));
  // Of many scales only the outermost: every further size is compiled and kept on the GPU, too
  const few = [...byArea.slice(0, 1), ...byArea.slice(-1)];
  const sizes = few.flatMap((frame) => bucketsOf(frame, divisor));
  const keys = sizes.map(([h, w]) => `${h}x${w}`);
  return sizes.filter((_, i) => keys.indexOf(keys[i] ?? '') === i);
}

/**
 * With keepRatio both orientations of the frame, with the short side at its full length and at three quarters (4:3
 * photographs), and the square; else the frame itself.
 */
function bucketsOf({ scale, keepRatio }: InputFrame, divisor: number): InputSize[] {
  const up = (side: number): number => Math.ceil(side / divisor) * divisor;
  const [width, height] = scale;
  if (!keepRatio) return [[up(height), up(width)]];
  const long = up(Math.max(width, height));
  const short = up(Math.min(width, height));
  const narrow = up(Math.min(width, height) * 0.75);
  return [
    [short, short],
    [short, long],
    [long, short],
    [narrow, long],
    [long, narrow],
  ];
}

function area({ scale: [width, height] }: InputFrame): number {
  return width * height;
}
