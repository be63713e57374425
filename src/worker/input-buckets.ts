import type { InputSize } from '../data/loader/bucket.ts';

/**
 * The padded sizes that a run may use: both orientations of the resize frame, with the short side at its full length and
 * at three quarters (4:3 photographs), and the square. Few sizes, so that a step's shapes repeat.
 *
 * @param scale MMDetection's Resize scale, [width, height] in either order
 * @param divisor pad_size_divisor
 */
export function inputBuckets(
  scale: readonly [number, number],
  keepRatio: boolean,
  divisor: number,
): readonly InputSize[] {
  const up = (side: number): number => Math.ceil(side / divisor) * divisor;
  const [width, height] = scale;
  if (!keepRatio) return [[up(height), up(width)]];
  const long = up(Math.max(width, height));
  const short = up(Math.min(width, height));
  const narrow = up(Math.min(width, height) * 0.75);
  const sizes: InputSize[] = [
    [short, short],
    [short, long],
    [long, short],
    [narrow, long],
    [long, narrow],
  ];
  const keys = sizes.map(([h, w]) => `${h}x${w}`);
  return sizes.filter((_, i) => keys.indexOf(keys[i] ?? '') === i);
}
