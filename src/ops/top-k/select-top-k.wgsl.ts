import type { Kernel } from '../../tensor/kernel.ts';
import { levelParams, levelStart } from './level-blocks.wgsl.ts';
import { scoreRank } from './score-key.wgsl.ts';
import type { ScoreKeySpec } from './score-key.wgsl.ts';

/** Invocations per level and image; also the number of histogram bins, one per value of a byte. */
const SELECT_SIZE = 256;

/**
 * The k best elements of each level, by descending rank, ties by ascending element (last pass of the selection).
 * Buffers: logits f32 [B, E], passed i32 [B, E], passedCounts i32 [B, L] (see score-compact) → scratch u32 [B, C, 2],
 * topElements i32 [B, C] (element of the image, −1 in slots that stay empty), topScores f32 [B, C] (sigmoids, 0 there); C = Σ k, level
 * l has the slots slot_l … slot_l + k_l − 1.
 * One workgroup per level and image. Radix selection over (rank, inverted element), a byte at a time from the top:
 * histogram, then the bin in which the k-th lies; as no two elements are equal in it, exactly k are selected. They are
 * put in order by counting, for each, those before it (k² comparisons).
 *
 * @param elementBytes bytes needed for the largest element number, 1 … 4
 */
export function selectTopKKernel(
  levels: number,
  elementBytes: number,
  spec: Pick<ScoreKeySpec, 'rankBy'>,
): Kernel {
  return {
    name: 'select_top_k',
    buffers: [
      { name: 'logits', type: 'f32', access: 'read' },
      { name: 'passed', type: 'i32', access: 'read' },
      { name: 'passedCounts', type: 'i32', access: 'read' },
      { name: 'scratch', type: 'u32', access: 'write' },
      { name: 'topElements', type: 'i32', access: 'write' },
      { name: 'topScores', type: 'f32', access: 'write' },
    ],
    params: [
      { name: 'elements', type: 'u32' },
      { name: 'slots', type: 'u32' },
      { name: 'k', type: 'u32' },
      ...levelParams(levels),
    ],
    body: /* wgsl */ `${scoreRank(spec)}${levelStart(levels)}
const PASSES = ${4 + elementBytes}u;
const SIZE = ${SELECT_SIZE}u;
var<workgroup> histogram: array<atomic<u32>, ${SELECT_SIZE}>;
var<workgroup> cursor: atomic<u32>;
var<workgroup> wanted: u32;
// Of the k-th element: rank and inverted number, as far as they are known.
var<workgroup> limit: vec2<u32>;

fn keyOf(image: u32, element: i32) -> vec2<u32> {
  return vec2<u32>(rankOf(logits[image * params.elements + u32(element)]), ~u32(element));
}
fn isBefore(a: vec2<u32>, b: vec2<u32>) -> bool {
  return a.x > b.x || (a.x == b.x && a.y > b.y);
}
fn shiftOf(step: u32) -> u32 {
  return select(8u * (PASSES - 1u - step), 8u * (3u - step), step < 4u);
}
fn byteOf(key: vec2<u32>, step: u32) -> u32 {
  return (select(key.y, key.x, step < 4u) >> shiftOf(step)) & 255u;
}
// Whether the bytes before this step are those of the limit.
fn isOpen(key: vec2<u32>, step: u32) -> bool {
  if (step == 0u) { return true; }
  if (step < 4u) { return (key.x >> (shiftOf(step) + 8u)) == (limit.x >> (shiftOf(step) + 8u)); }
  if (key.x != limit.x) { return false; }
  if (step == 4u) { return true; }
  return (key.y >> (shiftOf(step) + 8u)) == (limit.y >> (shiftOf(step) + 8u));
}

@compute @workgroup_size(${SELECT_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let level = group.x;
  let image = group.y;
  let total = u32(passedCounts[image * LEVELS + level]);
  var slot = image * params.slots;
  for (var before = 0u; before < level; before++) {
    slot += min(params.k, levelStart(before + 1u) - levelStart(before));
  }
  let room = min(params.k, levelStart(level + 1u) - levelStart(level));
  let first = image * params.elements + levelStart(level);
  let all = total <= room;
  if (lane == 0u) {
    wanted = room;
    // The bits of the inverted number above its bytes are all ones.
    limit = select(vec2<u32>(0u, ${elementBytes === 4 ? '0u' : `${(0xffffffff << (8 * elementBytes)) >>> 0}u`}), vec2<u32>(0u), all);
    atomicStore(&cursor, 0u);
  }
  for (var step = 0u; step < PASSES; step++) {
    atomicStore(&histogram[lane], 0u);
    workgroupBarrier();
    if (!all) {
      for (var i = lane; i < total; i += SIZE) {
        let key = keyOf(image, passed[first + i]);
        if (isOpen(key, step)) { atomicAdd(&histogram[byteOf(key, step)], 1u); }
      }
    }
    workgroupBarrier();
    if (lane == 0u && !all) {
      var left = wanted;
      var bin = 255u;
      for (; bin > 0u; bin--) {
        let inBin = atomicLoad(&histogram[bin]);
        if (inBin >= left) { break; }
        left -= inBin;
      }
      wanted = left;
      if (step < 4u) { limit.x |= bin << shiftOf(step); } else { limit.y |= bin << shiftOf(step); }
    }
    workgroupBarrier();
  }
  for (var i = lane; i < total; i += SIZE) {
    let key = keyOf(image, passed[first + i]);
    if (!isBefore(limit, key)) {
      let at = 2u * (slot + atomicAdd(&cursor, 1u));
      scratch[at] = key.x;
      scratch[at + 1u] = key.y;
    }
  }
  storageBarrier();
  workgroupBarrier();
  let found = min(total, room);
  for (var i = lane; i < found; i += SIZE) {
    let key = vec2<u32>(scratch[2u * (slot + i)], scratch[2u * (slot + i) + 1u]);
    var place = slot;
    for (var other = slot; other < slot + found; other++) {
      place += select(0u, 1u, isBefore(vec2<u32>(scratch[2u * other], scratch[2u * other + 1u]), key));
    }
    topElements[place] = i32(~key.y);
    topScores[place] = sigmoid(logits[image * params.elements + ~key.y]);
  }
  for (var i = found + lane; i < room; i += SIZE) {
    topElements[slot + i] = -1;
    topScores[slot + i] = 0.0;
  }
}`,
  };
}
