/** Gradient of max(x, 0) from its output (PyTorch's threshold_backward): dy where y > 0, else 0. */
export function reluGradReference(dy: ArrayLike<number>, y: ArrayLike<number>): Float64Array {
  return Float64Array.from(dy, (value, i) => ((y[i] ?? 0) > 0 ? value : 0));
}
