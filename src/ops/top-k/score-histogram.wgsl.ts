import type { Kernel } from '../../tensor/kernel.ts';
import { blockRange, levelParams, levelStart } from './level-blocks.wgsl.ts';
import { SCORE_PARAMS, scoreBuffers, scoreKey } from './score-key.wgsl.ts';
import type { ScoreKeySpec } from './score-key.wgsl.ts';

/**
 * Bins of a histogram, one per value of eight bits of the key, and invocations of each workgroup that looks at scores.
 * More bins would leave fewer candidates, but some drivers compile large workgroup arrays slowly.
 */
export const BINS = 256;

/**
 * `findCut(firstRow, range, wanted, lane)` for all lanes: adds up the histograms of a level's workgroups and gives the
 * bin in which the `wanted`-th largest key lies (0 when there are fewer), with how many of that bin are still wanted.
 * `sums` then holds the level's histogram. Needs a buffer `histogram` u32 [B, T, BINS] and {@link blockRange}.
 */
export const FIND_CUT = /* wgsl */ `
const BINS = ${BINS}u;
var<workgroup> sums: array<u32, ${BINS}>;
var<workgroup> found: vec2<u32>;
fn findCut(firstRow: u32, range: Range, wanted: u32, lane: u32) -> vec2<u32> {
  var sum = 0u;
  for (var block = range.firstBlock; block < range.endBlock; block++) {
    sum += histogram[(firstRow + block) * BINS + lane];
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    var left = wanted;
    var bin = BINS - 1u;
    for (; bin > 0u && sums[bin] < left; bin--) { left -= sums[bin]; }
    found = vec2<u32>(bin, left);
  }
  workgroupBarrier();
  return found;
}`;

/**
 * Histogram of the keys' upper eight bits (first pass of the selection).
 * Buffers: logits f32 [B, E] (E = N · K elements of an image), valid i32 [B, N] (only with `valid`) → histogram u32
 * [B, T, BINS], one per workgroup. T workgroups per image, see level-blocks. Integers, so exact.
 */
export function coarseHistogramKernel(levels: number, spec: ScoreKeySpec): Kernel {
  return {
    name: 'score_histogram',
    buffers: [...scoreBuffers(spec), { name: 'histogram', type: 'u32', access: 'write' }],
    params: [...SCORE_PARAMS, { name: 'blocks', type: 'u32' }, ...levelParams(levels)],
    body: /* wgsl */ `${scoreKey(spec)}${levelStart(levels)}${blockRange(levels)}
const BINS = ${BINS}u;
var<workgroup> own: array<atomic<u32>, ${BINS}>;

@compute @workgroup_size(${BINS}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let range = rangeOf(group.x);
  atomicStore(&own[lane], 0u);
  workgroupBarrier();
  for (var element = range.begin + lane; element < range.end; element += BINS) {
    let key = keyOf(group.y, element);
    if (key != 0u) { atomicAdd(&own[key >> 24u], 1u); }
  }
  workgroupBarrier();
  histogram[(group.y * params.blocks + group.x) * BINS + lane] = atomicLoad(&own[lane]);
}`,
  };
}

/**
 * Histogram of the next eight bits of those keys whose upper bits are the k-th one's (second pass of the selection).
 * Buffers: logits, valid as before, histogram u32 [B, T, BINS] → fineHistogram u32 [B, T, BINS], cuts u32 [B, T, 3]: the
 * upper bits of the level's k-th key, how many with these bits are wanted, and how many keys of this workgroup are
 * above them.
 */
export function fineHistogramKernel(levels: number, spec: ScoreKeySpec): Kernel {
  return {
    name: 'score_fine_histogram',
    buffers: [
      ...scoreBuffers(spec),
      { name: 'histogram', type: 'u32', access: 'read' },
      { name: 'fineHistogram', type: 'u32', access: 'write' },
      { name: 'cuts', type: 'u32', access: 'write' },
    ],
    params: [
      ...SCORE_PARAMS,
      { name: 'blocks', type: 'u32' },
      { name: 'k', type: 'u32' },
      ...levelParams(levels),
    ],
    body: /* wgsl */ `${scoreKey(spec)}${levelStart(levels)}${blockRange(levels)}${FIND_CUT}
var<workgroup> own: array<atomic<u32>, ${BINS}>;
var<workgroup> above: atomic<u32>;

@compute @workgroup_size(${BINS}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let range = rangeOf(group.x);
  atomicStore(&own[lane], 0u);
  if (lane == 0u) { atomicStore(&above, 0u); }
  let cut = findCut(group.y * params.blocks, range, params.k, lane);
  for (var element = range.begin + lane; element < range.end; element += BINS) {
    let key = keyOf(group.y, element);
    if (key != 0u && (key >> 24u) == cut.x) { atomicAdd(&own[(key >> 16u) & (BINS - 1u)], 1u); }
    if ((key >> 24u) > cut.x) { atomicAdd(&above, 1u); }
  }
  workgroupBarrier();
  let row = group.y * params.blocks + group.x;
  fineHistogram[row * BINS + lane] = atomicLoad(&own[lane]);
  if (lane == 0u) {
    cuts[3u * row] = cut.x;
    cuts[3u * row + 1u] = cut.y;
    cuts[3u * row + 2u] = atomicLoad(&above);
  }
}`,
  };
}
