/**
 * Numbers of the xyxy boxes [n · 4] whose width and height are both at least `minSize` pixels, in their order; the
 * comparison is in float32 (torchvision's `remove_small_boxes`).
 */
export function largeBoxes(boxes: Float32Array, minSize: number): number[] {
  const least = Math.fround(minSize);
  return Array.from({ length: boxes.length / 4 }, (_, index) => index).filter((index) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(index * 4, index * 4 + 4);
    return Math.fround(x2 - x1) >= least && Math.fround(y2 - y1) >= least;
  });
}
