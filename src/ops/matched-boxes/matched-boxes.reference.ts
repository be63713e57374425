/** Slow twin of `matchedBoxes`; `images` = B. */
export function matchedBoxesReference(
  gtBoxes: Float32Array,
  matchedGt: Int32Array,
  images: number,
): Float32Array<ArrayBuffer> {
  const boxes = new Float32Array(matchedGt.length * 4);
  const perImage = matchedGt.length / images;
  const gtRows = gtBoxes.length / 4 / images;
  for (const [slot, gt] of matchedGt.entries()) {
    if (gt < 0) continue;
    const from = Math.floor(slot / perImage) * gtRows + gt;
    boxes.set(gtBoxes.subarray(from * 4, from * 4 + 4), slot * 4);
  }
  return boxes;
}
