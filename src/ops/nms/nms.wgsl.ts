import type { Kernel } from '../../tensor/kernel.ts';
import { BOX_INTERSECTION, IS_NAN } from '../box-iou/iou.wgsl.ts';
import { ORDERED_BITS } from '../ordered-bits/ordered-bits.wgsl.ts';

/** Boxes per workgroup of {@link nmsSortKernel}. */
export const SORT_SIZE = 128;
/** Rows per workgroup of {@link nmsMaskKernel}. */
export const MASK_SIZE = 64;
/** Invocations of the one workgroup that walks an image's boxes. */
const SWEEP_SIZE = 128;

/** What may change the text of {@link nmsSortKernel}. */
export interface NmsSpec {
  /** A class per box is bound. */
  readonly classes: boolean;
  /** Boxes of different classes do not suppress each other. */
  readonly apart: boolean;
}

/**
 * `keyOf(index)`: orders as the scores do, −0 as 0; 0 is a box that takes no part: NaN in its score or coordinates, or a
 * negative class. `classOf(index)`, and `largestOf(box)`, its largest coordinate (`batched_nms` of mmcv moves every class
 * by the largest of all). Needs buffers `boxes`, `scores`, and `classes` where it is bound.
 */
export function boxKeys(classes: boolean): string {
  return /* wgsl */ `${IS_NAN}${ORDERED_BITS}
fn classOf(index: u32) -> i32 { return ${classes ? 'classes[index]' : '0'}; }
fn keyOf(index: u32) -> u32 {
  let score = scores[index];
  return select(orderedBits(score), 0u, isNan(score) || anyNan(boxes[index]) || classOf(index) < 0);
}
fn largestOf(box: vec4<f32>) -> f32 { return max(max(box.x, box.y), max(box.z, box.w)); }`;
}

/**
 * Boxes in descending order of score (first pass of NMS).
 * Buffers: boxes xyxy [B, N], scores f32 [B, N], classes i32 [B, N] (only with `classes`) → order i32 [B, N] (box
 * numbers), sorted xyxy [B, N] (with `apart` moved by class · (largest coordinate + 1)), present i32 [B]: how many take
 * part; what lies behind them in the other two is not written and must not be read.
 * One invocation per box counts the keys above its own: that is its place. N² comparisons of integers in one pass, by
 * tiles in workgroup memory: for a few thousand boxes less work than the IoUs that follow, and no passes that wait for
 * each other. Ties: the lower index comes first.
 */
export function nmsSortKernel({ classes, apart }: NmsSpec): Kernel {
  return {
    name: 'nms_sort',
    buffers: [
      { name: 'boxes', type: 'vec4<f32>', access: 'read' },
      { name: 'scores', type: 'f32', access: 'read' },
      ...(classes ? [{ name: 'classes', type: 'i32', access: 'read' } as const] : []),
      { name: 'order', type: 'i32', access: 'write' },
      { name: 'sorted', type: 'vec4<f32>', access: 'write' },
      { name: 'present', type: 'i32', access: 'write' },
    ],
    params: [{ name: 'boxCount', type: 'u32' }],
    body: /* wgsl */ `${boxKeys(classes)}
const SIZE = ${SORT_SIZE}u;
const APART = ${apart};
var<workgroup> tile: array<u32, ${SORT_SIZE}>;
var<workgroup> largest: array<f32, ${SORT_SIZE}>;
var<workgroup> total: atomic<u32>;

@compute @workgroup_size(${SORT_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = group.y * params.boxCount;
  let own = group.x * SIZE + lane;
  var key = 0u;
  if (own < params.boxCount) { key = keyOf(first + own); }
  var place = first;
  var most = -3.4e38;
  var count = 0u;
  for (var begin = 0u; begin < params.boxCount; begin += SIZE) {
    var otherKey = 0u;
    if (begin + lane < params.boxCount) { otherKey = keyOf(first + begin + lane); }
    if (otherKey != 0u) {
      count += 1u;
      most = max(most, largestOf(boxes[first + begin + lane]));
    }
    tile[lane] = otherKey;
    workgroupBarrier();
    if (key != 0u) {
      for (var i = 0u; i < SIZE; i++) {
        let other = tile[i];
        place += select(0u, 1u, other > key || (other == key && begin + i < own));
      }
    }
    workgroupBarrier();
  }
  largest[lane] = most;
  atomicAdd(&total, count);
  for (var half = SIZE / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { largest[lane] = max(largest[lane], largest[lane + half]); }
  }
  workgroupBarrier();
  if (key != 0u) {
    order[place] = i32(own);
    let shift = select(0.0, f32(classOf(first + own)) * (largest[0] + 1.0), APART);
    sorted[place] = boxes[first + own] + shift;
  }
  if (lane == 0u && group.x == 0u) { present[group.y] = i32(atomicLoad(&total)); }
}`,
  };
}

/** `maskOf(word, row)`: where that word of an image's mask lies. */
const MASK_PLACE = /* wgsl */ `
fn maskOf(word: u32, row: u32) -> u32 { return 16u * word * (word + 1u) + row; }`;

/** Words of one image's mask. */
export function maskWords(boxCount: number): number {
  const words = Math.ceil(boxCount / 32);
  return 16 * words * (words + 1);
}

/**
 * Which later boxes each box would suppress (second pass of NMS; the bit mask of torchvision's and mmcv's CUDA kernels).
 * Buffers: sorted xyxy [B, N], present i32 [B] → mask u32 [images, 16 W (W + 1)], W = ⌈N / 32⌉: bit b of word (w, row)
 * says that box 32 w + b comes after `row` and that their IoU is above the threshold. Word w has the rows up to its own
 * boxes, 32 (w + 1); only words and rows of boxes that are present are written.
 * One invocation per word: 32 IoUs. Neighbours take neighbouring rows and the same columns. Images firstImage … are
 * done, so that the mask of a large batch need not be there at once.
 * IoU > thr is tested as intersection > thr · union, as mmcv's CUDA kernel does: no division to round, and 0 > 0 keeps
 * boxes of no area, whose IoU would be NaN. Strict: an IoU equal to the threshold does not suppress.
 */
export const nmsMaskKernel: Kernel = {
  name: 'nms_mask',
  buffers: [
    { name: 'sorted', type: 'vec4<f32>', access: 'read' },
    { name: 'present', type: 'i32', access: 'read' },
    { name: 'mask', type: 'u32', access: 'write' },
  ],
  params: [
    { name: 'boxCount', type: 'u32' },
    { name: 'maskSize', type: 'u32' },
    { name: 'firstImage', type: 'u32' },
    { name: 'iouThreshold', type: 'f32' },
  ],
  body: /* wgsl */ `${BOX_INTERSECTION}${MASK_PLACE}
@compute @workgroup_size(${MASK_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  let word = id.y;
  let count = u32(present[params.firstImage + id.z]);
  if (row >= min(32u * (word + 1u), count) || 32u * word >= count) { return; }
  let first = (params.firstImage + id.z) * params.boxCount;
  let box = sorted[first + row];
  let area = boxArea(box);
  let begin = max(word * 32u, row + 1u);
  let end = min(word * 32u + 32u, count);
  var bits = 0u;
  for (var column = begin; column < end; column++) {
    let other = sorted[first + column];
    let overlap = boxIntersection(box, other);
    if (overlap > params.iouThreshold * (area + boxArea(other) - overlap)) {
      bits |= 1u << (column & 31u);
    }
  }
  mask[id.z * params.maskSize + maskOf(word, row)] = bits;
}`,
};

/**
 * Greedy choice of the boxes (last pass of NMS), without leaving the GPU.
 * Buffers: order i32 [B, N], present i32 [B], mask u32 (see {@link nmsMaskKernel}) → keep i32 [B, maxOut] (box numbers by
 * descending score, then −1), counts i32 [B].
 * One workgroup per image walks the boxes in blocks of 32, until there are no more or maxOut are kept. All lanes decide a
 * block alike from its 32 × 32 corner of the mask; then lane v removes, in its own words, what the kept ones suppress.
 *
 * @param words W; the removed bits live in workgroup memory (4 W bytes)
 */
export function nmsSweepKernel(words: number): Kernel {
  return {
    name: 'nms_sweep',
    buffers: [
      { name: 'order', type: 'i32', access: 'read' },
      { name: 'present', type: 'i32', access: 'read' },
      { name: 'mask', type: 'u32', access: 'read' },
      { name: 'keep', type: 'i32', access: 'write' },
      { name: 'counts', type: 'i32', access: 'write' },
    ],
    params: [
      { name: 'boxCount', type: 'u32' },
      { name: 'maskSize', type: 'u32' },
      { name: 'firstImage', type: 'u32' },
      { name: 'maxOut', type: 'u32' },
    ],
    body: /* wgsl */ `${MASK_PLACE}
var<workgroup> removed: array<u32, ${words}>;
var<workgroup> corner: array<u32, 32>;
var<workgroup> full: u32;
fn hasBit(word: u32, bit: u32) -> bool { return ((word >> bit) & 1u) == 1u; }

@compute @workgroup_size(${SWEEP_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let image = params.firstImage + group.x;
  let first = image * params.boxCount;
  let firstMask = group.x * params.maskSize;
  let firstOut = image * params.maxOut;
  let count = u32(present[image]);
  let words = (count + 31u) / 32u;
  for (var word = lane; word < words; word += ${SWEEP_SIZE}u) {
    let inWord = min(count - word * 32u, 32u);
    removed[word] = select(~((1u << (inWord & 31u)) - 1u), 0u, inWord == 32u);
  }
  var kept = 0u;
  for (var word = 0u; word < words; word++) {
    let row = word * 32u + lane;
    if (lane < 32u) {
      corner[lane] = 0u;
      if (row < count) { corner[lane] = mask[firstMask + maskOf(word, row)]; }
    }
    workgroupBarrier();
    var gone = removed[word];
    var chosen = 0u;
    let before = kept;
    for (var bit = 0u; bit < 32u; bit++) {
      if (!hasBit(gone, bit) && kept < params.maxOut) {
        chosen |= 1u << bit;
        kept += 1u;
        gone |= corner[bit];
      }
    }
    if (lane < 32u && hasBit(chosen, lane)) {
      let place = before + countOneBits(chosen & ((1u << lane) - 1u));
      keep[firstOut + place] = order[first + row];
    }
    if (lane == 0u) { full = select(0u, 1u, kept == params.maxOut); }
    if (workgroupUniformLoad(&full) == 1u) { break; }
    if (chosen != 0u) {
      for (var later = word + 1u + lane; later < words; later += ${SWEEP_SIZE}u) {
        var bits = removed[later];
        let rows = firstMask + maskOf(later, word * 32u);
        for (var bit = 0u; bit < 32u; bit++) {
          if (hasBit(chosen, bit)) { bits |= mask[rows + bit]; }
        }
        removed[later] = bits;
      }
    }
    workgroupBarrier();
  }
  for (var place = kept + lane; place < params.maxOut; place += ${SWEEP_SIZE}u) {
    keep[firstOut + place] = -1;
  }
  if (lane == 0u) { counts[image] = i32(kept); }
}`,
  };
}
