import type { BufferSpec, ParamSpec } from '../../tensor/kernel.ts';
import { IS_NAN } from '../box-iou/iou.wgsl.ts';
import { CLASS_BOXES, CLASS_BOX_PARAMS } from '../loss-sum/class-boxes.ts';
import type { LossTerm } from '../loss-sum/loss-term.wgsl.ts';
import { BOX_FORMS } from './box-form.wgsl.ts';
import type { BoxFormKind } from './box-form.wgsl.ts';
import { measureFunctions } from './iou-measure.wgsl.ts';
import type { IouMeasure } from './iou-measure.wgsl.ts';

/**
 * Which predictions have a goal, and which: the ground truth that `assigned` names; the box of their own row, where
 * `assigned` ≥ 0 or everywhere; or the box of their row for the predictions of the row's class.
 */
export type GoalKind = 'matched' | 'masked' | 'own' | 'ofClass';

/** What may change the text of {@link iouTerm}. */
export interface IouTermSpec {
  readonly measure: IouMeasure;
  readonly form: BoxFormKind;
  readonly goal: GoalKind;
  /** Whether weights f32 [rows] are bound. */
  readonly weighted: boolean;
}

interface GoalText {
  readonly inputs: readonly BufferSpec[];
  readonly params: readonly ParamSpec[];
  /** `rowOf(index)`, `hasGoal(index)` and `goalOf(index)`. */
  readonly body: string;
}

const ASSIGNED: BufferSpec = { name: 'assigned', type: 'i32', access: 'read' };
const OWN_ROW = /* wgsl */ `
fn rowOf(index: u32) -> u32 { return index; }`;
const POSITIVE = /* wgsl */ `
fn hasGoal(index: u32) -> bool { return assigned[index] >= 0; }`;
const OWN_GOAL = /* wgsl */ `
fn goalOf(index: u32) -> vec4<f32> { return targets[rowOf(index)]; }`;

const GOALS: Readonly<Record<GoalKind, GoalText>> = {
  matched: {
    inputs: [ASSIGNED],
    params: [
      { name: 'rowsPerImage', type: 'u32' },
      { name: 'gtRows', type: 'u32' },
    ],
    body: /* wgsl */ `${OWN_ROW}${POSITIVE}
fn goalOf(index: u32) -> vec4<f32> {
  return targets[index / params.rowsPerImage * params.gtRows + u32(assigned[index])];
}`,
  },
  masked: { inputs: [ASSIGNED], params: [], body: `${OWN_ROW}${POSITIVE}${OWN_GOAL}` },
  own: {
    inputs: [],
    params: [],
    body: /* wgsl */ `${OWN_ROW}
fn hasGoal(index: u32) -> bool { return true; }${OWN_GOAL}`,
  },
  ofClass: {
    inputs: [{ name: 'labels', type: 'i32', access: 'read' }],
    params: CLASS_BOX_PARAMS,
    body: /* wgsl */ `${CLASS_BOXES}
fn hasGoal(index: u32) -> bool { return isOfClass(index); }${OWN_GOAL}`,
  },
};

/**
 * An IoU-type loss of decoded boxes, one term per predicted box.
 * Inputs: pred vec4, targets xyxy, then assigned or labels i32 [rows], weights f32 [rows] (only if `weighted`; 0: not
 * looked at), and anchors xyxy or points (x, y, stride, stride), by the spec.
 */
export function iouTerm({ measure, form, goal, weighted }: IouTermSpec): LossTerm {
  const goals = GOALS[goal];
  const decoding = BOX_FORMS[form];
  const weights: readonly BufferSpec[] = [{ name: 'weights', type: 'f32', access: 'read' }];
  return {
    name: `iou_loss_${measure}_${form}_${goal}${weighted ? '_weighted' : ''}`,
    inputs: [
      { name: 'pred', type: 'vec4<f32>', access: 'read' },
      { name: 'targets', type: 'vec4<f32>', access: 'read' },
      ...goals.inputs,
      ...(weighted ? weights : []),
      ...decoding.inputs,
    ],
    params: [{ name: 'eps', type: 'f32' }, ...goals.params, ...decoding.params],
    value: 'f32',
    slope: 'vec4<f32>',
    // min and max may hide a NaN, so it is looked for.
    body: /* wgsl */ `${IS_NAN}${goals.body}${decoding.body}${measureFunctions(measure)}
fn term(index: u32) -> Iou {
  if (!hasGoal(index)) { return Iou(0.0, vec4<f32>(0.0)); }
  let weight = ${weighted ? 'weights[rowOf(index)]' : '1.0'};
  if (weight == 0.0) { return Iou(0.0, vec4<f32>(0.0)); }
  let goal = goalOf(index);
  let both = pred[index] + goal;
  if (anyNan(both)) {
    let nan = both.x + both.y + both.z + both.w;
    return Iou(nan, vec4<f32>(nan));
  }
  let box = decode(index);
  let result = measure(box, goal);
  return Iou(weight * result.loss, weight * decodeSlope(index, box, result.slope));
}
fn value(index: u32) -> f32 { return term(index).loss; }
fn slope(index: u32) -> vec4<f32> { return term(index).slope; }`,
  };
}
