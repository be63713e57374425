/** RoIs [R, 5] of boxes of one image. */
export function withImage(boxes: ArrayLike<number>, image: number): Float32Array<ArrayBuffer> {
  const rois = new Float32Array((boxes.length / 4) * 5);
  for (let row = 0; row < boxes.length / 4; row++) {
    rois[row * 5] = image;
    for (let k = 0; k < 4; k++) rois[row * 5 + 1 + k] = boxes[row * 4 + k] ?? 0;
  }
  return rois;
}

/** The boxes of RoIs [R, 5]. */
export function boxesOf(rois: readonly number[]): number[] {
  return rois.filter((_, at) => at % 5 !== 0);
}
