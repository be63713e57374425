/** Slow twin of `proposalRois`; `perImage` = P. */
export function proposalRoisReference(
  proposals: Float32Array,
  counts: Int32Array,
  perImage: number,
): { readonly rois: Float32Array<ArrayBuffer>; readonly present: Int32Array<ArrayBuffer> } {
  const rois = new Float32Array(counts.length * perImage * 5);
  const present = new Int32Array(counts.length * perImage);
  for (const [image, count] of counts.entries()) {
    for (let i = 0; i < Math.min(count, perImage); i++) {
      const slot = image * perImage + i;
      present[slot] = 1;
      rois.set([image, ...proposals.subarray(slot * 4, slot * 4 + 4)], slot * 5);
    }
  }
  return { rois, present };
}
