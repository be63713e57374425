import type { Kernel } from '../../tensor/kernel.ts';
import { BLOCKS, SCORE_OF, levelFunctions, levelParams } from './score-filter.wgsl.ts';

/** Invocations per level and image; also the number of histogram bins, one per value of a byte. */
const SELECT_SIZE = 256;

/**
 * The k best elements of each level, by descending score, ties by ascending element (second half of MMDetection's
 * `filter_scores_and_topk`).
 * Buffers: logits f32 [B, E], blockCounts i32 [B, L, BLOCKS], passed i32 [B, E] (see score-filter) → scratch u32 [B, C, 2],
 * topElements i32 [B, C] (element of the image, −1 in slots that stay empty), topScores f32 [B, C] (0 there); C = Σ k,
 * level l has the slots slot_l … slot_l + k_l − 1.
 * One workgroup per level and image. Radix selection over (score bits, inverted element), a byte at a time from the top:
 * histogram, then the bin in which the k-th lies; as no two elements are equal in it, exactly k are selected. They are
 * put in order by counting, for each, those before it (k² comparisons).
 * Scores are sigmoids above a threshold ≥ 0, so their bits order as they do.
 *
 * @param elementBytes bytes needed for the largest element number, 1 … 4
 */
export function selectTopKKernel(levels: number, elementBytes: number): Kernel {
  return {
    name: 'select_top_k',
    buffers: [
      { name: 'logits', type: 'f32', access: 'read' },
      { name: 'blockCounts', type: 'i32', access: 'read' },
      { name: 'passed', type: 'i32', access: 'read' },
      { name: 'scratch', type: 'u32', access: 'write' },
      { name: 'topElements', type: 'i32', access: 'write' },
      { name: 'topScores', type: 'f32', access: 'write' },
    ],
    params: [
      { name: 'elements', type: 'u32' },
      { name: 'slots', type: 'u32' },
      { name: 'k', type: 'u32' },
      { name: 'scoreThreshold', type: 'f32' },
      ...levelParams(levels),
    ],
    body: /* wgsl */ `${SCORE_OF}${levelFunctions(levels)}
const PASSES = ${4 + elementBytes}u;
const SIZE = ${SELECT_SIZE}u;
var<workgroup> histogram: array<atomic<u32>, ${SELECT_SIZE}>;
var<workgroup> cursor: atomic<u32>;
var<workgroup> wanted: u32;
// Of the k-th element: score bits and inverted number, as far as they are known.
var<workgroup> limit: vec2<u32>;

fn keyOf(image: u32, element: i32) -> vec2<u32> {
  let score = scoreOf(logits[image * params.elements + u32(element)]);
  return vec2<u32>(bitcast<u32>(score), ~u32(element));
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
  let row = (image * LEVELS + level) * ${BLOCKS}u;
  var total = 0u;
  for (var block = 0u; block < ${BLOCKS}u; block++) { total += u32(blockCounts[row + block]); }
  var slot = image * params.slots;
  for (var before = 0u; before < level; before++) {
    slot += min(params.k, levelEnd(before) - levelStart(before));
  }
  let room = min(params.k, levelEnd(level) - levelStart(level));
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
    topScores[place] = bitcast<f32>(key.x);
  }
  for (var i = found + lane; i < room; i += SIZE) {
    topElements[slot + i] = -1;
    topScores[slot + i] = 0.0;
  }
}`,
  };
}
