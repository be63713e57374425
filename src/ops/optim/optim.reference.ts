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
  o: {
    factor: number;
    clipValue: number;
    lr: number;
    decay: number;
    momentum: number;
    nesterov: boolean;
  },
): void {
  if (o.factor < 0) return;
  for (let i = 0; i < w.length; i++) {
    const g = clipped(gradient[i] ?? 0, o) + o.decay * (w[i] ?? 0);
    const velocity = o.momentum * (v[i] ?? 0) + g;
    v[i] = velocity;
    w[i] = (w[i] ?? 0) - o.lr * (o.nesterov ? g + o.momentum * velocity : velocity);
  }
}

/**
 * Step `t` (1-based) in place of AdamW (Loshchilov & Hutter, 2019, Algorithm 2, https://arxiv.org/abs/1711.05101), or of
 * Adam with L2 weight decay (Kingma & Ba, 2015, https://arxiv.org/abs/1412.6980), both as PyTorch computes them.
 */
export function adamReference(
  { w, first: m, second: v }: ParamState,
  gradient: ArrayLike<number>,
  o: {
    type: 'Adam' | 'AdamW';
    factor: number;
    clipValue: number;
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
    const before = w[i] ?? 0;
    const decoupled = o.type === 'AdamW';
    const g = clipped(gradient[i] ?? 0, o) + (decoupled ? 0 : o.decay * before);
    const first = o.beta1 * (m[i] ?? 0) + (1 - o.beta1) * g;
    const second = o.beta2 * (v[i] ?? 0) + (1 - o.beta2) * g * g;
    [m[i], v[i]] = [first, second];
    const step = first / (1 - o.beta1 ** o.t) / (Math.sqrt(second / (1 - o.beta2 ** o.t)) + o.eps);
    w[i] = before * (decoupled ? 1 - o.lr * o.decay : 1) - o.lr * step;
  }
}

/** A gradient element after clipping by norm (a factor) and by value (PyTorch's clip_grad_value_; 0 = not). */
function clipped(
  gradient: number,
  { factor, clipValue }: { factor: number; clipValue: number },
): number {
  const scaled = factor * gradient;
  return clipValue > 0 ? Math.max(-clipValue, Math.min(clipValue, scaled)) : scaled;
}
