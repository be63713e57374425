/**
 * Exponential moving average with TensorBoard's debiasing: `s ← w·s + (1 − w)·x`, shown as `s / (1 − wⁿ)` after n values,
 * so that the line starts at the first value instead of at zero. Weight 0 … 0.999; 0 leaves the values as they are.
 * A value that is not finite is passed through and does not count: the gap stays a gap, and the line goes on after it.
 */
export class Ema {
  readonly weight: number;
  #sum = 0;
  #debias = 1;

  constructor(weight: number) {
    this.weight = Math.min(MAX_SMOOTHING, Math.max(0, weight));
  }

  next(value: number): number {
    if (!Number.isFinite(value) || this.weight === 0) return value;
    this.#sum = this.#sum * this.weight + (1 - this.weight) * value;
    this.#debias *= this.weight;
    return this.#sum / (1 - this.#debias);
  }
}

/** TensorBoard's slider goes to 1, where the line is meaningless; ours ends before. */
export const MAX_SMOOTHING = 0.999;
