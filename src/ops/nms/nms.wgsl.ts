import type { Kernel } from '../../tensor/kernel.ts';
import { BOX_INTERSECTION, IS_NAN } from '../box-iou/iou.wgsl.ts';

export const WORKGROUP_SIZE = 64;
/** Invocations of the one workgroup that walks an image's boxes. */
const SWEEP_SIZE = 128;

/** What may change the text of {@link nmsKeysKernel} and {@link nmsSortKernel}. */
export interface NmsSpec {
  /** A class per box is bound. */
  readonly classes: boolean;
  /** Boxes of different classes do not suppress each other. */
  readonly apart: boolean;
}

/**
 * Sort keys of the boxes, and the largest coordinate of each image (first pass of NMS; `batched_nms` of mmcv shifts
 * every class by it).
 * Buffers: boxes xyxy [B, N], scores f32 [B, N], classes i32 [B, N] (only with `classes`) → keys u32 [B, N],
 * maxCoordinate f32 [B].
 * One workgroup per image: strided loops, then a tree in workgroup memory. Keys order as the scores do, −0 as 0; key 0
 * is a box that takes no part: NaN in its score or coordinates, or a negative class. Such boxes do not count for the
 * maximum, which is −3.4e38 when there is no other.
 */
export function nmsKeysKernel({ classes }: Pick<NmsSpec, 'classes'>): Kernel {
  return {
    name: 'nms_keys',
    buffers: [
      { name: 'boxes', type: 'vec4<f32>', access: 'read' },
      { name: 'scores', type: 'f32', access: 'read' },
      ...(classes ? [{ name: 'classes', type: 'i32', access: 'read' } as const] : []),
      { name: 'keys', type: 'u32', access: 'write' },
      { name: 'maxCoordinate', type: 'f32', access: 'write' },
    ],
    params: [{ name: 'boxCount', type: 'u32' }],
    body: /* wgsl */ `${IS_NAN}
var<workgroup> largest: array<f32, ${WORKGROUP_SIZE}>;
fn classOf(index: u32) -> i32 { return ${classes ? 'classes[index]' : '0'}; }
fn orderedBits(score: f32) -> u32 {
  let bits = bitcast<u32>(select(score, 0.0, score == 0.0));
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}

@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  var most = -3.4e38;
  for (var i = lane; i < params.boxCount; i += ${WORKGROUP_SIZE}u) {
    let index = group.x * params.boxCount + i;
    let box = boxes[index];
    let score = scores[index];
    if (isNan(score) || anyNan(box) || classOf(index) < 0) {
      keys[index] = 0u;
    } else {
      keys[index] = orderedBits(score);
      most = max(most, max(max(box.x, box.y), max(box.z, box.w)));
    }
  }
  largest[lane] = most;
  for (var half = ${WORKGROUP_SIZE / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { largest[lane] = max(largest[lane], largest[lane + half]); }
  }
  if (lane == 0u) { maxCoordinate[group.x] = largest[0]; }
}`,
  };
}

/**
 * Boxes in descending order of score (second pass of NMS).
 * Buffers: keys u32 [B, N], boxes xyxy [B, N], maxCoordinate f32 [B], classes i32 [B, N] (only with `apart`) → order
 * i32 [B, N] (box number, −1 for one that takes no part), sorted xyxy [B, N] (moved by class · (maxCoordinate + 1)).
 * One invocation per box counts the keys above its own: that is its place. N² comparisons of integers in one pass, for
 * a few thousand boxes less work than the IoUs that follow, and no passes that wait for each other.
 * Ties: the lower index comes first.
 */
export function nmsSortKernel({ apart }: Pick<NmsSpec, 'apart'>): Kernel {
  return {
    name: 'nms_sort',
    buffers: [
      { name: 'keys', type: 'u32', access: 'read' },
      { name: 'boxes', type: 'vec4<f32>', access: 'read' },
      { name: 'maxCoordinate', type: 'f32', access: 'read' },
      ...(apart ? [{ name: 'classes', type: 'i32', access: 'read' } as const] : []),
      { name: 'order', type: 'i32', access: 'write' },
      { name: 'sorted', type: 'vec4<f32>', access: 'write' },
    ],
    params: [
      { name: 'boxCount', type: 'u32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
    ],
    body: /* wgsl */ `
fn shiftOf(index: u32, image: u32) -> f32 {
  return ${apart ? 'f32(classes[index]) * (maxCoordinate[image] + 1.0)' : '0.0 * maxCoordinate[image]'};
}

@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let image = index / params.boxCount;
  let first = image * params.boxCount;
  let own = index - first;
  let key = keys[index];
  var place = first;
  for (var other = 0u; other < params.boxCount; other++) {
    let otherKey = keys[first + other];
    place += select(0u, 1u, otherKey > key || (otherKey == key && other < own));
  }
  order[place] = select(i32(own), -1, key == 0u);
  sorted[place] = select(boxes[index] + shiftOf(index, image), vec4<f32>(0.0), key == 0u);
}`,
  };
}

/**
 * Which later boxes each box would suppress (third pass of NMS; the bit mask of torchvision's and mmcv's CUDA kernels).
 * Buffers: sorted xyxy [B, N] → mask u32 [B, W, N], W = ⌈N / 32⌉: bit b of word (w, row) says that box 32 w + b comes
 * after `row` and that their IoU is above the threshold.
 * One invocation per word: 32 IoUs. Neighbours take neighbouring rows and the same columns.
 * IoU > thr is tested as intersection > thr · union, as mmcv's CUDA kernel does: no division to round, and 0 > 0 keeps
 * boxes of no area, whose IoU would be NaN. Strict: an IoU equal to the threshold does not suppress.
 */
export const nmsMaskKernel: Kernel = {
  name: 'nms_mask',
  buffers: [
    { name: 'sorted', type: 'vec4<f32>', access: 'read' },
    { name: 'mask', type: 'u32', access: 'write' },
  ],
  params: [
    { name: 'boxCount', type: 'u32' },
    { name: 'words', type: 'u32' },
    { name: 'iouThreshold', type: 'f32' },
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
  ],
  body: /* wgsl */ `${BOX_INTERSECTION}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let row = index % params.boxCount;
  let word = index / params.boxCount % params.words;
  let first = index / (params.boxCount * params.words) * params.boxCount;
  let box = sorted[first + row];
  let area = boxArea(box);
  let begin = max(word * 32u, row + 1u);
  let end = min(word * 32u + 32u, params.boxCount);
  var bits = 0u;
  for (var column = begin; column < end; column++) {
    let other = sorted[first + column];
    let overlap = boxIntersection(box, other);
    if (overlap > params.iouThreshold * (area + boxArea(other) - overlap)) {
      bits |= 1u << (column & 31u);
    }
  }
  mask[index] = bits;
}`,
};

/**
 * Greedy choice of the boxes (last pass of NMS), without leaving the GPU.
 * Buffers: order i32 [B, N], mask u32 [B, W, N] → keep i32 [B, maxOut] (box numbers by descending score, then −1),
 * counts i32 [B].
 * One workgroup per image walks the boxes in blocks of 32. All lanes decide a block alike from its 32 × 32 corner of the
 * mask; then lane v removes, in its own words, what the kept ones suppress. Two barriers per block.
 *
 * @param words W; the removed bits live in workgroup memory (4 W bytes)
 */
export function nmsSweepKernel(words: number): Kernel {
  return {
    name: 'nms_sweep',
    buffers: [
      { name: 'order', type: 'i32', access: 'read' },
      { name: 'mask', type: 'u32', access: 'read' },
      { name: 'keep', type: 'i32', access: 'write' },
      { name: 'counts', type: 'i32', access: 'write' },
    ],
    params: [
      { name: 'boxCount', type: 'u32' },
      { name: 'maxOut', type: 'u32' },
    ],
    body: /* wgsl */ `
const WORDS = ${words}u;
var<workgroup> removed: array<u32, ${words}>;
var<workgroup> corner: array<u32, 32>;
fn hasBit(word: u32, bit: u32) -> bool { return ((word >> bit) & 1u) == 1u; }

@compute @workgroup_size(${SWEEP_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = group.x * params.boxCount;
  let firstWord = group.x * WORDS * params.boxCount;
  let firstOut = group.x * params.maxOut;
  for (var word = lane; word < WORDS; word += ${SWEEP_SIZE}u) {
    var bits = 0u;
    for (var bit = 0u; bit < 32u; bit++) {
      let row = word * 32u + bit;
      var absent = true;
      if (row < params.boxCount) { absent = order[first + row] < 0; }
      bits |= select(0u, 1u << bit, absent);
    }
    removed[word] = bits;
  }
  var kept = 0u;
  for (var word = 0u; word < WORDS; word++) {
    let row = word * 32u + lane;
    if (lane < 32u) {
      corner[lane] = 0u;
      if (row < params.boxCount) { corner[lane] = mask[firstWord + word * params.boxCount + row]; }
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
    if (chosen != 0u) {
      for (var later = word + 1u + lane; later < WORDS; later += ${SWEEP_SIZE}u) {
        var bits = removed[later];
        let rows = firstWord + later * params.boxCount + word * 32u;
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
  if (lane == 0u) { counts[group.x] = i32(kept); }
}`,
  };
}
