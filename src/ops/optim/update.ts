import { activeBackend } from '../../tensor/backend.ts';
import { foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { updateKernel } from './update.wgsl.ts';
import type { RuleName } from './update.wgsl.ts';

/** Pairs bound by one dispatch at most, however many the device allows: the kernel has a branch for each. */
const MOST_PAIRS = 16;

/** Elements of a parameter that one workgroup updates. */
const ELEMENTS_PER_WORKGROUP = 64;

/** PyTorch's rule and its constants; learning rate and weight decay come per step and per parameter. */
export type UpdateRule =
  | { readonly type: 'SGD'; readonly momentum: number; readonly nesterov: boolean }
  | {
      /** Adam adds decay·w to the gradient; AdamW shrinks the weight by lr·decay instead. */
      readonly type: 'Adam' | 'AdamW';
      readonly betas: readonly [number, number];
      readonly eps: number;
    };

/** Per-parameter multipliers, from MMDetection's paramwise_cfg. */
export interface ParamScales {
  readonly lrScale: number;
  /** Weight decay of this parameter, its multiplier included. */
  readonly decay: number;
}

/** One parameter of a dispatch. */
export interface UpdatePair extends ParamScales {
  /** float32, changed in place. */
  readonly w: Tensor;
  readonly gradient: Tensor;
  /** Index in the state where this parameter's first moment (SGD: velocity) begins. */
  readonly at: number;
}

export interface UpdateInputs {
  /** {@link updateStep}'s result. */
  readonly step: Tensor;
  /**
   * float32, changed in place: SGD [n] velocities; Adam and AdamW [2n], first moments and then second ones. n covers
   * every pair's `at` + size.
   */
  readonly state: Tensor;
  /** clip_grad's clip_value: gradient elements are clamped to ±this; 0 = not clamped. */
  readonly clipValue: number;
}

/** Floats of state per weight. */
export function statesOf({ type }: UpdateRule): 1 | 2 {
  return type === 'SGD' ? 1 : 2;
}

/** How many pairs the active device can bind in one {@link updateParameters}. */
export function pairsPerDispatch(): number {
  const { maxStorageBuffersPerShaderStage: most } = activeBackend().device.limits;
  return Math.min(MOST_PAIRS, Math.floor((most - 2) / 2));
}

/**
 * One optimiser step on some parameters in one dispatch, in place: their weights and their part of the state change.
 * A step whose gradient norm is not finite changes nothing.
 *
 * @param pairs at most {@link pairsPerDispatch}
 */
export function updateParameters(
  rule: UpdateRule,
  pairs: readonly UpdatePair[],
  { step, state, clipValue }: UpdateInputs,
): void {
  if (pairs.length === 0) return;
  if (pairs.length > pairsPerDispatch()) {
    throw new Error(`updateParameters: ${pairs.length} pairs, at most ${pairsPerDispatch()}`);
  }
  const params: Record<string, number> = {
    ...constants(rule),
    clipValue,
    secondAt: state.size / statesOf(rule),
  };
  let end = 0;
  for (const [k, { w, gradient, at, lrScale, decay }] of pairs.entries()) {
    if (gradient.size !== w.size) {
      throw new Error(
        `updateParameters: gradient ${k} has ${gradient.size} elements, not ${w.size}`,
      );
    }
    end += Math.ceil(w.size / ELEMENTS_PER_WORKGROUP);
    params[`count${k}`] = w.size;
    params[`end${k}`] = end;
    params[`at${k}`] = at;
    params[`lrScale${k}`] = lrScale;
    params[`decay${k}`] = decay;
  }
  const { workgroups, rowSize } = foldWorkgroups(end, 1);
  runKernel(
    updateKernel({ rule: ruleName(rule), pairs: pairs.length, byValue: clipValue > 0 }),
    [step, state, ...pairs.flatMap(({ w, gradient }) => [w, gradient])],
    { ...params, rowSize },
    workgroups,
  );
}

function ruleName(rule: UpdateRule): RuleName {
  if (rule.type === 'SGD') return rule.nesterov ? 'sgd_nesterov' : 'sgd';
  return rule.type === 'Adam' ? 'adam' : 'adamw';
}

function constants(rule: UpdateRule): Record<string, number> {
  if (rule.type === 'SGD') return { momentum: rule.momentum };
  const [beta1, beta2] = rule.betas;
  return { beta1, beta2, beta1Rest: 1 - beta1, beta2Rest: 1 - beta2, eps: rule.eps };
}
