/** Norm of all gradients together and the factor that clips it; factor −1 when the norm is not finite. */
export interface GradNorm {
  readonly norm: number;
  readonly factor: number;
}

/** PyTorch's clip_grad_norm_ (https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html), in float64. */
export function gradNormReference(
  gradients: readonly ArrayLike<number>[],
  maxNorm: number,
): GradNorm {
  let squares = 0;
  for (const gradient of gradients) {
    for (let i = 0; i < gradient.length; i++) squares += (gradient[i] ?? 0) ** 2;
  }
  const norm = Math.sqrt(squares);
  if (!Number.isFinite(norm)) return { norm, factor: -1 };
  return { norm, factor: maxNorm > 0 ? Math.min(1, maxNorm / (norm + 1e-6)) : 1 };
}

/** A parameter with the two buffers that an optimiser keeps for it (SGD uses only the first: its velocity). */
export interface ParamState {
  readonly w: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** One SGD step in place by PyTorch's rule (https://pytorch.org/docs/stable/generated/torch.optim.SGD.html). */
export function sgdReference(
  { w, first: v }: ParamState,
  gradient: ArrayLike<number>,
  {
    factor,
    lr,
    decay,
    momentum,
    nesterov,
  }: { factor: number; lr: number; decay: number; momentum: number; nesterov: boolean },
): void {
  if (factor < 0) return;
  for (let i = 0; i < w.length; i++) {
    const g = factor * (gradient[i] ?? 0) + decay * (w[i] ?? 0);
    const velocity = momentum * (v[i] ?? 0) + g;
    v[i] = velocity;
    w[i] = (w[i] ?? 0) - lr * (nesterov ? g + momentum * velocity : velocity);
  }
}

/** Step `t` (1-based) of AdamW in place (Loshchilov & Hutter, 2019, Algorithm 2, https://arxiv.org/abs/1711.05101). */
export function adamwReference(
  { w, first: m, second: v }: ParamState,
  gradient: ArrayLike<number>,
  o: {
    factor: number;
    lr: number;
    decay: number;
    beta1: number;
    beta2: number;
    eps: number;
    t: number;
  },
): void {
  if (o.factor < 0) return;
  for (let i = 0; i < w.length; i++) {
    const g = o.factor * (gradient[i] ?? 0);
    const first = o.beta1 * (m[i] ?? 0) + (1 - o.beta1) * g;
    const second = o.beta2 * (v[i] ?? 0) + (1 - o.beta2) * g * g;
    [m[i], v[i]] = [first, second];
    const step = first / (1 - o.beta1 ** o.t) / (Math.sqrt(second / (1 - o.beta2 ** o.t)) + o.eps);
    w[i] = (w[i] ?? 0) * (1 - o.lr * o.decay) - o.lr * step;
  }
}
