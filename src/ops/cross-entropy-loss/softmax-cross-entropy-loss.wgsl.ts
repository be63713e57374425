import type { BufferSpec, Kernel, ParamSpec } from '../../tensor/kernel.ts';
import { LOSS_WORKGROUP_SIZE } from '../loss-sum/loss-term.wgsl.ts';
import { SIGMOID_PARTS } from '../loss-sum/sigmoid.wgsl.ts';

const LOGITS: BufferSpec = { name: 'logits', type: 'f32', access: 'read' };
const LABELS: BufferSpec = { name: 'labels', type: 'i32', access: 'read' };
const CLASS_WEIGHT: BufferSpec = { name: 'classWeight', type: 'f32', access: 'read' };

const PARAMS: readonly ParamSpec[] = [
  { name: 'numClasses', type: 'u32' },
  { name: 'background', type: 'i32' },
  { name: 'posWeight', type: 'f32' },
  { name: 'lossWeight', type: 'f32' },
  { name: 'rows', type: 'u32' },
  { name: 'rowSize', type: 'u32' },
];

/**
 * `softmaxRow(row, label, lane)`, called by a whole workgroup: with m the row's greatest logit, m, Σ exp(x − m) over the
 * other classes than the label's, and exp(x − m) of the label's. Apart, they give a loss and slopes near 0 without
 * cancelling. Sums by a tree, so they are the same each time; a NaN logit gives a NaN sum, which exp or max may hide.
 */
const SOFTMAX_ROW = (classWeighted: boolean) => /* wgsl */ `${SIGMOID_PARTS}
struct Row {
  peak: f32,
  rest: f32,
  own: f32,
}
var<workgroup> peaks: array<f32, ${LOSS_WORKGROUP_SIZE}>;
var<workgroup> sums: array<vec2<f32>, ${LOSS_WORKGROUP_SIZE}>;
fn expBelow(x: f32, peak: f32) -> f32 { return select(exp(x - peak), x, isNan(x)); }
fn softmaxRow(row: u32, label: i32, lane: u32) -> Row {
  let first = row * params.numClasses;
  var peak = logits[first + min(lane, params.numClasses - 1u)];
  for (var c = lane; c < params.numClasses; c += ${LOSS_WORKGROUP_SIZE}u) {
    peak = max(peak, logits[first + c]);
  }
  peaks[lane] = peak;
  for (var half = ${LOSS_WORKGROUP_SIZE / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { peaks[lane] = max(peaks[lane], peaks[lane + half]); }
  }
  workgroupBarrier();
  peak = peaks[0];
  var sum = vec2<f32>(0.0);
  for (var c = lane; c < params.numClasses; c += ${LOSS_WORKGROUP_SIZE}u) {
    let e = expBelow(logits[first + c], peak);
    sum += select(vec2<f32>(e, 0.0), vec2<f32>(0.0, e), i32(c) == label);
  }
  sums[lane] = sum;
  for (var half = ${LOSS_WORKGROUP_SIZE / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  workgroupBarrier();
  return Row(peak, sums[0].x, sums[0].y);
}
// Of a label that is not negative. One beyond the classes is a mistake, which NaN shows.
fn weightOf(label: i32) -> f32 {
  if (u32(label) >= params.numClasses) { return bitcast<f32>(u32(label) | 0x7fc00000u); }
  return select(params.posWeight, 1.0, label == params.background)${classWeighted ? ' * classWeight[label]' : ''};
}`;

/**
 * The rows' losses of the softmax cross entropy, · their weight · lossWeight: log Σ exp(x) − x of the label's class.
 * Buffers: logits f32 [rows, C], labels i32 [rows] (−1: no weight), with `classWeighted` classWeight f32 [C] → losses
 * f32 [rows]. One workgroup per row, in one dispatch.
 */
export function softmaxCrossEntropyRowsKernel(classWeighted: boolean): Kernel {
  return {
    name: 'softmax_cross_entropy_rows',
    buffers: [
      LOGITS,
      LABELS,
      ...(classWeighted ? [CLASS_WEIGHT] : []),
      { name: 'losses', type: 'f32', access: 'write' },
    ],
    params: PARAMS,
    body: /* wgsl */ `${SOFTMAX_ROW(classWeighted)}
fn lossOf(row: Row, x: f32) -> f32 {
  let sum = row.rest + row.own;
  if (isNan(sum)) { return sum; }
  if (x != row.peak) { return row.peak - x + log(sum); }
  if (row.rest <= 1.0) { return log1pOfAtMostOne(row.rest); }
  return log(sum);
}
@compute @workgroup_size(${LOSS_WORKGROUP_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = group.x + group.y * params.rowSize;
  if (index >= params.rows) { return; }
  let label = labels[index];
  let row = softmaxRow(index, label, lane);
  if (lane != 0u) { return; }
  var loss = 0.0;
  if (label >= 0) {
    let column = min(u32(label), params.numClasses - 1u);
    loss = params.lossWeight * weightOf(label) * lossOf(row, logits[index * params.numClasses + column]);
  }
  losses[index] = loss;
}`,
  };
}

/**
 * Gradient of the loss by the logits: dy · lossWeight / (avgFactor + ε) · weight · (softmax − one-hot).
 * Buffers: those of {@link softmaxCrossEntropyRowsKernel}, avgFactor f32 [1], dy f32 [1] → grad f32 [rows, C]. One
 * workgroup per row; 0 where the row has no weight.
 */
export function softmaxCrossEntropyGradKernel(classWeighted: boolean): Kernel {
  return {
    name: 'softmax_cross_entropy_grad',
    buffers: [
      LOGITS,
      LABELS,
      ...(classWeighted ? [CLASS_WEIGHT] : []),
      { name: 'avgFactor', type: 'f32', access: 'read' },
      { name: 'dy', type: 'f32', access: 'read' },
      { name: 'grad', type: 'f32', access: 'write' },
    ],
    params: [...PARAMS, { name: 'avgFactorEps', type: 'f32' }],
    body: /* wgsl */ `${SOFTMAX_ROW(classWeighted)}
@compute @workgroup_size(${LOSS_WORKGROUP_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = group.x + group.y * params.rowSize;
  if (index >= params.rows) { return; }
  let label = labels[index];
  let row = softmaxRow(index, label, lane);
  let scale = dy[0] * params.lossWeight / (avgFactor[0] + params.avgFactorEps) * weightOf(max(label, 0));
  let sum = row.rest + row.own;
  for (var c = lane; c < params.numClasses; c += ${LOSS_WORKGROUP_SIZE}u) {
    let at = index * params.numClasses + c;
    var slope = 0.0;
    if (label >= 0) {
      slope = scale * (select(expBelow(logits[at], row.peak), -row.rest, i32(c) == label) / sum);
    }
    grad[at] = slope;
  }
}`,
  };
}
