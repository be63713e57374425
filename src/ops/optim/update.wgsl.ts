import type { Kernel, ParamSpec } from '../../tensor/kernel.ts';

/** The rule by which a weight moves; each names one kernel family. */
export type RuleName = 'sgd' | 'sgd_nesterov' | 'adam' | 'adamw';

/** What distinguishes the kernels of one rule. */
export interface UpdateVariant {
  readonly rule: RuleName;
  /** (parameter, gradient) pairs bound by one dispatch. */
  readonly pairs: number;
  /** Whether gradient elements are clamped to ±params.clipValue, PyTorch's clip_grad_value_. */
  readonly byValue: boolean;
}

const f32 = (name: string): ParamSpec => ({ name, type: 'f32' });
const u32 = (name: string): ParamSpec => ({ name, type: 'u32' });

/**
 * One optimiser step on several parameters, in place.
 * Buffers: step f32 [5] (norm, clip factor, lr, 1−β1ᵗ, √(1−β2ᵗ); a factor below 0 skips the step), state f32 (what the
 * rule keeps, see {@link RULES}), then per pair k `w k` and `gradient k`, f32 [count k]. Workgroup g belongs to the first
 * pair k with g < `end k`, one invocation per element; `at k` is where the pair's state begins.
 */
export function updateKernel({ rule, pairs, byValue }: UpdateVariant): Kernel {
  const { params, code } = RULES[rule];
  const slots = Array.from({ length: pairs }, (_, k) => k);
  const start = (k: number): string => (k === 0 ? '0u' : `params.end${k - 1}`);
  const scaled = 'step[1] * gradient';
  return {
    name: byValue ? `${rule}_by_value` : rule,
    buffers: [
      { name: 'step', type: 'f32', access: 'read' },
      { name: 'state', type: 'f32', access: 'write' },
      ...slots.flatMap(
        (k) =>
          [
            { name: `w${k}`, type: 'f32', access: 'write' },
            { name: `gradient${k}`, type: 'f32', access: 'read' },
          ] as const,
      ),
    ],
    params: [
      u32('rowSize'),
      ...params,
      ...(byValue ? [f32('clipValue')] : []),
      ...slots.flatMap((k) => [
        u32(`count${k}`),
        u32(`end${k}`),
        u32(`at${k}`),
        f32(`lrScale${k}`),
        f32(`decay${k}`),
      ]),
    ],
    body: /* wgsl */ `
fn moved(w: f32, gradient: f32, at: u32, lrScale: f32, decay: f32) -> f32 {
  let clipped = ${byValue ? `clamp(${scaled}, -params.clipValue, params.clipValue)` : scaled};
  ${code}
}
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  if (step[1] < 0.0) { return; }
  let block = group.x + group.y * params.rowSize;
  ${slots
    .map(
      (k) => /* wgsl */ `if (block < params.end${k}) {
    let i = (block - ${start(k)}) * 64u + thread;
    if (i < params.count${k}) {
      w${k}[i] = moved(w${k}[i], gradient${k}[i], params.at${k} + i, params.lrScale${k}, params.decay${k});
    }
  }`,
    )
    .join(' else ')}
}`,
  };
}

const MOMENTS = [u32('secondAt'), ...['beta1', 'beta2', 'beta1Rest', 'beta2Rest', 'eps'].map(f32)];

const sgdCode = (change: string): string => /* wgsl */ `let g = clipped + decay * w;
  let velocity = params.momentum * state[at] + g;
  state[at] = velocity;
  return w - step[2] * lrScale * ${change};`;

const adamCode = (g: string, from: string): string => /* wgsl */ `let lr = step[2] * lrScale;
  let g = ${g};
  let first = params.beta1 * state[at] + params.beta1Rest * g;
  let second = params.beta2 * state[params.secondAt + at] + params.beta2Rest * g * g;
  state[at] = first;
  state[params.secondAt + at] = second;
  let decayed = ${from};
  return decayed - lr / step[3] * first / (sqrt(second) / step[4] + params.eps);`;

/**
 * The rules, PyTorch's, with g the clipped gradient:
 * SGD: g += decay·w; v = momentum·v + g; w −= lr·(nesterov ? g + momentum·v : v). State: v.
 * Adam (Kingma & Ba, 2015): g += decay·w; m and v are exponential averages of g and g²;
 * w −= lr/(1−β1ᵗ) · m / (√v/√(1−β2ᵗ) + eps). State: m, and v from `secondAt` on.
 * AdamW (Loshchilov & Hutter, 2019): the same without decay in g; before that w −= lr·decay·w.
 * beta1Rest and beta2Rest are 1−β1 and 1−β2 rounded once: 1−0.999 in float32 arithmetic is wrong in its fifth digit.
 */
const RULES: Readonly<Record<RuleName, { params: readonly ParamSpec[]; code: string }>> = {
  sgd: { params: [f32('momentum')], code: sgdCode('velocity') },
  sgd_nesterov: { params: [f32('momentum')], code: sgdCode('(g + params.momentum * velocity)') },
  adam: { params: MOMENTS, code: adamCode('clipped + decay * w', 'w') },
  adamw: { params: MOMENTS, code: adamCode('clipped', 'w - lr * decay * w') },
};
