import type { Kernel, ParamSpec } from '../../tensor/kernel.ts';

export const WORKGROUP_SIZE = 64;

const PARAMS: readonly ParamSpec[] = [
  { name: 'numClasses', type: 'u32' },
  { name: 'background', type: 'u32' },
  { name: 'scoreThr', type: 'f32' },
  { name: 'rois', type: 'u32' },
  { name: 'cap', type: 'u32' },
  { name: 'count', type: 'u32' },
  { name: 'rowSize', type: 'u32' },
];

/**
 * `softmaxOf(row)`: the row's largest logit and the sum of exponentials below it; a sum of 0 for a row whose softmax is
 * NaN. `classScore(row, class, softmax)`: the softmax of a class, 0 … K − 1. Needs a buffer `clsLogits` f32
 * [R, K + 1] whose column `params.background` is the background.
 */
const SOFTMAX = /* wgsl */ `
struct Softmax { most: f32, sum: f32 }
fn softmaxOf(row: u32) -> Softmax {
  let first = row * (params.numClasses + 1u);
  var most = -3.4e38;
  var defined = true;
  var finite = false;
  for (var column = 0u; column <= params.numClasses; column++) {
    let bits = bitcast<u32>(clsLogits[first + column]);
    // NaN or +∞; and −∞ everywhere.
    defined = defined && (bits & 0x7fffffffu) <= 0x7f800000u && bits != 0x7f800000u;
    finite = finite || (bits & 0x7fffffffu) < 0x7f800000u;
    most = max(most, clsLogits[first + column]);
  }
  var sum = 0.0;
  for (var column = 0u; column <= params.numClasses; column++) {
    sum += exp(max(clsLogits[first + column] - most, -104.0));
  }
  return Softmax(most, select(0.0, sum, defined && finite));
}
fn classScore(row: u32, label: u32, softmax: Softmax) -> f32 {
  let column = label + select(0u, 1u, label >= params.background);
  let logit = clsLogits[row * (params.numClasses + 1u) + column];
  return select(0.0, exp(max(logit - softmax.most, -104.0)) / softmax.sum, softmax.sum > 0.0);
}
fn passes(score: f32) -> bool { return score > params.scoreThr; }`;

/**
 * How many classes of each RoI score above the threshold (first pass of the R-CNN's candidates).
 * Buffers: clsLogits f32 [B, P, K + 1], counts i32 [B] (RoIs of each image) → passed i32 [B, P], at most cap each.
 * One invocation per RoI.
 */
export const roiScoresKernel: Kernel = {
  name: 'roi_scores',
  buffers: [
    { name: 'clsLogits', type: 'f32', access: 'read' },
    { name: 'counts', type: 'i32', access: 'read' },
    { name: 'passed', type: 'i32', access: 'write' },
  ],
  params: PARAMS,
  body: /* wgsl */ `${SOFTMAX}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x + id.y * params.rowSize;
  if (row >= params.count) { return; }
  let image = row / params.rois;
  var found = 0u;
  if (i32(row - image * params.rois) < counts[image]) {
    let softmax = softmaxOf(row);
    for (var label = 0u; label < params.numClasses; label++) {
      found += select(0u, 1u, passes(classScore(row, label, softmax)));
    }
  }
  passed[row] = i32(min(found, params.cap));
}`,
};

/**
 * The (RoI, class) pairs above the threshold, RoI after RoI and class after class, packed at the front of the image's
 * P · cap slots (second pass).
 * Buffers: clsLogits f32 [B, P, K + 1], passed i32 [B, P] → elements i32 [B, P · cap] (RoI · K + class, −1 in slots that
 * stay empty), scores f32 [B, P · cap] (0 there).
 * One invocation per RoI adds up what passed before it. It writes cap slots: its own pairs, and for the rest of its cap
 * as many of the empty slots behind all pairs, so that every slot is written once.
 */
export const roiElementsKernel: Kernel = {
  name: 'roi_elements',
  buffers: [
    { name: 'clsLogits', type: 'f32', access: 'read' },
    { name: 'passed', type: 'i32', access: 'read' },
    { name: 'elements', type: 'i32', access: 'write' },
    { name: 'scores', type: 'f32', access: 'write' },
  ],
  params: PARAMS,
  body: /* wgsl */ `${SOFTMAX}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x + id.y * params.rowSize;
  if (row >= params.count) { return; }
  let firstRow = row / params.rois * params.rois;
  let own = u32(passed[row]);
  var before = 0u;
  var total = 0u;
  for (var other = firstRow; other < firstRow + params.rois; other++) {
    let found = u32(passed[other]);
    total += found;
    before += select(0u, found, other < row);
  }
  let first = firstRow * params.cap;
  var slot = first + before;
  let end = slot + own;
  if (own > 0u) {
    let softmax = softmaxOf(row);
    for (var label = 0u; label < params.numClasses && slot < end; label++) {
      let score = classScore(row, label, softmax);
      if (!passes(score)) { continue; }
      elements[slot] = i32((row - firstRow) * params.numClasses + label);
      scores[slot] = score;
      slot += 1u;
    }
  }
  slot = first + total + (row - firstRow) * params.cap - before;
  let last = slot + params.cap - own;
  for (; slot < last; slot++) {
    elements[slot] = -1;
    scores[slot] = 0.0;
  }
}`,
};
