/** Slow twin of channelSums: Σ over the rows of a [rows, channels] matrix, in float64. */
export function channelSumsReference(a: ArrayLike<number>, channels: number): Float64Array {
  const sums = new Float64Array(channels);
  for (let i = 0; i < a.length; i++) {
    const c = i % channels;
    sums[c] = (sums[c] ?? 0) + (a[i] ?? 0);
  }
  return sums;
}

/**
 * [2, channels] = Σ dy and Σ dy·x̂, x̂ = (x − mean)·invStd — the gradients of a batch norm's
 * bias and weight (Ioffe & Szegedy, 2015, §3, https://arxiv.org/abs/1502.03167).
 */
export function normalisedSumsReference(
  dy: ArrayLike<number>,
  x: ArrayLike<number>,
  mean: ArrayLike<number>,
  invStd: ArrayLike<number>,
): Float64Array {
  const channels = mean.length;
  const weighted = Float64Array.from(dy, (value, i) => {
    const c = i % channels;
    return value * ((x[i] ?? 0) - (mean[c] ?? 0)) * (invStd[c] ?? 0);
  });
  return Float64Array.of(
    ...channelSumsReference(dy, channels),
    ...channelSumsReference(weighted, channels),
  );
}
