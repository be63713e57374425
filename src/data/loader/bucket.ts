/** A padded input size, [height, width] in pixels. */
export type InputSize = readonly [height: number, width: number];

/**
 * The padded size of a batch: the largest height and width of its images, rounded up to `divisor`, then the smallest
 * (by area, then by height) of `buckets` that holds it. With no bucket large enough, or none at all, the rounded size
 * itself. Numbers do not depend on the choice; only how often a step is compiled anew does.
 */
export function chooseInputSize(
  imgShapes: readonly InputSize[],
  buckets: readonly InputSize[],
  divisor: number,
): InputSize {
  const roundUp = (side: number): number => Math.ceil(side / divisor) * divisor;
  const height = roundUp(Math.max(...imgShapes.map(([h]) => h)));
  const width = roundUp(Math.max(...imgShapes.map(([, w]) => w)));
  const fitting = buckets.filter(([h, w]) => h >= height && w >= width);
  const [smallest] = fitting.toSorted((a, b) => a[0] * a[1] - b[0] * b[1] || a[0] - b[0]);
  return smallest ?? [height, width];
}
