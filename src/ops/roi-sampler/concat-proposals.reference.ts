/** Slow twin of `concatProposals`, one image: the real rows, then zeros up to `rows`. */
export function concatProposalsReference(
  proposals: Float32Array,
  gtBoxes: Float32Array,
  rows: number,
): number[] {
  const real = [...proposals, ...gtBoxes];
  return [...real, ...Array.from({ length: rows * 4 - real.length }, () => 0)];
}
