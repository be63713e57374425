/** PyTorch's lerp from `average` to `source` in float32 (https://pytorch.org/docs/stable/generated/torch.lerp.html). */
export function lerpReference(
  average: ArrayLike<number>,
  source: ArrayLike<number>,
  momentum: number,
): Float32Array<ArrayBuffer> {
  const { fround } = Math;
  const m = fround(momentum);
  return Float32Array.from({ length: average.length }, (_, i) => {
    const a = average[i] ?? 0;
    const s = source[i] ?? 0;
    const way = fround(s - a);
    return m < 0.5 ? a + fround(m * way) : s - fround(way * fround(1 - m));
  });
}
