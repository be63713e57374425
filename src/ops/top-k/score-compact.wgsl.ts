import type { Kernel } from '../../tensor/kernel.ts';
import { blockRange, levelParams, levelStart } from './level-blocks.wgsl.ts';
import { BINS, FIND_CUT } from './score-histogram.wgsl.ts';
import { SCORE_PARAMS, scoreBuffers, scoreKey } from './score-key.wgsl.ts';
import type { ScoreKeySpec } from './score-key.wgsl.ts';

/**
 * Numbers of the elements whose keys agree with the k-th one's, or are above it, in the upper 16 bits (third pass of the
 * selection), packed at the front of each level's own range: the k best and what lies within about 2⁻⁹ of the k-th.
 * Buffers: logits, valid, histogram (the fine one), cuts of score-histogram → passed i32 [B, E], passedCounts i32
 * [B, L]; what lies behind the count of a level is not written and must not be read.
 * Within a workgroup's part the order is whatever an atomic counter gives; the set is always the same, and the
 * selection that follows puts it in order.
 */
export function scoreCompactKernel(levels: number, spec: ScoreKeySpec): Kernel {
  return {
    name: 'score_compact',
    buffers: [
      ...scoreBuffers(spec),
      { name: 'histogram', type: 'u32', access: 'read' },
      { name: 'cuts', type: 'u32', access: 'read' },
      { name: 'passed', type: 'i32', access: 'write' },
      { name: 'passedCounts', type: 'i32', access: 'write' },
    ],
    params: [...SCORE_PARAMS, { name: 'blocks', type: 'u32' }, ...levelParams(levels)],
    body: /* wgsl */ `${scoreKey(spec)}${levelStart(levels)}${blockRange(levels)}${FIND_CUT}
var<workgroup> cursor: atomic<u32>;
var<workgroup> total: atomic<u32>;

@compute @workgroup_size(${BINS}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let range = rangeOf(group.x);
  let image = group.y;
  let firstRow = image * params.blocks;
  let row = firstRow + group.x;
  if (lane == 0u) {
    atomicStore(&cursor, 0u);
    atomicStore(&total, 0u);
  }
  let upper = cuts[3u * row];
  let cut = findCut(firstRow, range, cuts[3u * row + 1u], lane);
  var before = 0u;
  var all = 0u;
  if (lane >= cut.x) {
    all = sums[lane];
    for (var block = range.firstBlock; block < group.x; block++) {
      before += histogram[(firstRow + block) * BINS + lane];
    }
  }
  for (var block = range.firstBlock + lane; block < range.endBlock; block += BINS) {
    let above = cuts[3u * (firstRow + block) + 2u];
    all += above;
    before += select(0u, above, block < group.x);
  }
  atomicAdd(&cursor, before);
  atomicAdd(&total, all);
  workgroupBarrier();
  let lowest = (upper << 8u) | cut.x;
  let first = image * params.elements + levelStart(range.level);
  for (var element = range.begin + lane; element < range.end; element += BINS) {
    let key = keyOf(image, element);
    if (key != 0u && (key >> 16u) >= lowest) {
      passed[first + atomicAdd(&cursor, 1u)] = i32(element);
    }
  }
  if (lane == 0u && group.x == range.firstBlock) {
    passedCounts[image * LEVELS + range.level] = i32(atomicLoad(&total));
  }
}`,
  };
}
