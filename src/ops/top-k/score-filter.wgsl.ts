import type { Kernel, ParamSpec } from '../../tensor/kernel.ts';
import { IS_NAN } from '../box-iou/iou.wgsl.ts';

const WORKGROUP_SIZE = 64;
/** Workgroups that share the scores of one level of one image. */
export const BLOCKS = 32;

/**
 * Where the levels lie among an image's elements (N · K logits): `start` and `size` of each, in the parameters, so that
 * one pipeline serves every input size.
 */
export function levelParams(levels: number): ParamSpec[] {
  const names = Array.from({ length: levels }, (_, level) => [`start${level}`, `size${level}`]);
  return names.flat().map((name) => ({ name, type: 'u32' }));
}

/** `levelStart(level)` and `levelEnd(level)` for {@link levelParams}. */
export function levelFunctions(levels: number): string {
  const cases = (value: (level: number) => string) =>
    Array.from({ length: levels }, (_, level) => `    case ${level}u: { return ${value(level)}; }`);
  return /* wgsl */ `
const LEVELS = ${levels}u;
fn levelStart(level: u32) -> u32 {
  switch (level) {
${cases((level) => `params.start${level}`).join('\n')}
    default: { return 0u; }
  }
}
fn levelEnd(level: u32) -> u32 {
  switch (level) {
${cases((level) => `params.start${level} + params.size${level}`).join('\n')}
    default: { return 0u; }
  }
}`;
}

/** `scoreOf(logit)`: the sigmoid; NaN and what is not above the threshold give −1. */
export const SCORE_OF = /* wgsl */ `${IS_NAN}
fn scoreOf(logit: f32) -> f32 {
  let score = 1.0 / (1.0 + exp(-logit));
  return select(-1.0, score, score > params.scoreThreshold && !isNan(logit));
}`;

const BLOCK_RANGE = /* wgsl */ `
struct Range { begin: u32, end: u32 }
fn blockRange(level: u32, block: u32) -> Range {
  let start = levelStart(level);
  let end = levelEnd(level);
  let share = (end - start + ${BLOCKS - 1}u) / ${BLOCKS}u;
  let begin = min(start + block * share, end);
  return Range(begin, min(begin + share, end));
}`;

/**
 * How many scores of each block are above the threshold (first half of MMDetection's `filter_scores_and_topk`).
 * Buffers: logits f32 [B, E] (E = N · K elements of an image) → blockCounts i32 [B, L, BLOCKS].
 * One workgroup per block, level and image; a tree in workgroup memory. Integers, so exact.
 */
export function scoreCountKernel(levels: number): Kernel {
  return {
    name: 'score_count',
    buffers: [
      { name: 'logits', type: 'f32', access: 'read' },
      { name: 'blockCounts', type: 'i32', access: 'write' },
    ],
    params: [
      { name: 'elements', type: 'u32' },
      { name: 'scoreThreshold', type: 'f32' },
      ...levelParams(levels),
    ],
    body: /* wgsl */ `${SCORE_OF}${levelFunctions(levels)}${BLOCK_RANGE}
var<workgroup> partial: array<i32, ${WORKGROUP_SIZE}>;

@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let range = blockRange(group.y, group.x);
  var above = 0;
  for (var element = range.begin + lane; element < range.end; element += ${WORKGROUP_SIZE}u) {
    above += select(0, 1, scoreOf(logits[group.z * params.elements + element]) >= 0.0);
  }
  partial[lane] = above;
  for (var half = ${WORKGROUP_SIZE / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { partial[lane] += partial[lane + half]; }
  }
  if (lane == 0u) { blockCounts[(group.z * LEVELS + group.y) * ${BLOCKS}u + group.x] = partial[0]; }
}`,
  };
}

/**
 * Numbers of the elements above the threshold, packed at the front of each level's own range.
 * Buffers: logits f32 [B, E], blockCounts i32 [B, L, BLOCKS] → passed i32 [B, E]; what lies behind the count of a level
 * is not written and must not be read.
 * One workgroup per block, level and image. Within a block the order is whatever an atomic counter gives; the set is
 * always the same, and the selection that follows puts it in order.
 */
export function scoreCompactKernel(levels: number): Kernel {
  return {
    name: 'score_compact',
    buffers: [
      { name: 'logits', type: 'f32', access: 'read' },
      { name: 'blockCounts', type: 'i32', access: 'read' },
      { name: 'passed', type: 'i32', access: 'write' },
    ],
    params: [
      { name: 'elements', type: 'u32' },
      { name: 'scoreThreshold', type: 'f32' },
      ...levelParams(levels),
    ],
    body: /* wgsl */ `${SCORE_OF}${levelFunctions(levels)}${BLOCK_RANGE}
var<workgroup> cursor: atomic<u32>;

@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let range = blockRange(group.y, group.x);
  if (lane == 0u) {
    let row = (group.z * LEVELS + group.y) * ${BLOCKS}u;
    var before = 0;
    for (var block = 0u; block < group.x; block++) { before += blockCounts[row + block]; }
    atomicStore(&cursor, u32(before));
  }
  workgroupBarrier();
  let first = group.z * params.elements;
  for (var element = range.begin + lane; element < range.end; element += ${WORKGROUP_SIZE}u) {
    if (scoreOf(logits[first + element]) >= 0.0) {
      passed[first + levelStart(group.y) + atomicAdd(&cursor, 1u)] = i32(element);
    }
  }
}`,
  };
}
