import type { Kernel } from '../../tensor/kernel.ts';
import {
  BINS,
  KEY_BINS,
  LIMIT_OF,
  SUBSET_PARAMS,
  drawnFunctions,
  randomKeyBuffer,
  streamFunction,
  subsetFunctions,
} from '../sampler/draw-subset.wgsl.ts';
import type { SubsetSpec } from '../sampler/draw-subset.wgsl.ts';

/** Invocations per image: one per bin of a histogram. */
const WORKGROUP_SIZE = BINS;

/** Where the ground truths stand among an image's candidates, if they are candidates. */
export type GtPlace = 'first' | 'last' | 'none';

/**
 * The candidates of an image, numbered without gaps: `candidatesOf(image)` is how many there are, `sourceOf(image,
 * candidate)` the proposal's row, or ~row of the ground truth, which is negative, and `matchOf(image, source)` its ground
 * truth or −1 or −2.
 */
function candidateFunctions(addGts: GtPlace): string {
  const source = {
    first: 'select(i32(candidate) - gts, ~i32(candidate), i32(candidate) < gts)',
    last: 'select(~(i32(candidate) - own), i32(candidate), i32(candidate) < own)',
    none: 'i32(candidate)',
  }[addGts];
  const gts = addGts === 'none' ? '0' : 'clamp(gtCounts[image], 0, i32(params.gtRows))';
  return /* wgsl */ `
fn proposalsOf(image: u32) -> i32 {
  return clamp(proposalCounts[image], 0, i32(params.proposalRows));
}
fn gtsOf(image: u32) -> i32 { return ${gts}; }
fn candidatesOf(image: u32) -> u32 { return u32(proposalsOf(image) + gtsOf(image)); }
fn sourceOf(image: u32, candidate: u32) -> i32 {
  let own = proposalsOf(image);
  let gts = gtsOf(image);
  return ${source};
}
fn matchOf(image: u32, source: i32) -> i32 {
  if (source < 0) { return ~source; }
  return assigned[image * params.proposalRows + u32(source)];
}`;
}

/** What may change the text of {@link selectRoisKernel}. */
export interface SelectSpec extends SubsetSpec {
  readonly addGts: GtPlace;
  /** Whether an image's positives stand before its negatives, or all by their number. */
  readonly positivesFirst: boolean;
}

/**
 * Which candidates of an image are drawn, and into which slots (RandomSampler and SamplingResult of MMDetection).
 * Buffers: assigned i32 [B, P], proposalCounts i32 [B], gtCounts i32 [B] where ground truths are added, randomKey i32 [2]
 * where keys are random → scratch u32 [B, C + 2S] (C candidates at most: ties, see `drawnFunctions`; then source and match
 * of each slot, match −2 for an empty one), present i32 [B, S], numPos i32 [B], numNeg i32 [B].
 * One workgroup per image: histogram of keys; where the quotas end; the keys of those two bins; then each invocation
 * counts what is drawn of its own run of candidates, and a scan gives the slots. Counts and sets only, so deterministic.
 */
export function selectRoisKernel(spec: SelectSpec): Kernel {
  const { addGts, positivesFirst } = spec;
  return {
    name: 'select_rois',
    buffers: [
      { name: 'assigned', type: 'i32', access: 'read' },
      { name: 'proposalCounts', type: 'i32', access: 'read' },
      ...(addGts === 'none' ? [] : [{ name: 'gtCounts', type: 'i32', access: 'read' } as const]),
      ...randomKeyBuffer(spec),
      { name: 'scratch', type: 'u32', access: 'write' },
      { name: 'present', type: 'i32', access: 'write' },
      { name: 'numPos', type: 'i32', access: 'write' },
      { name: 'numNeg', type: 'i32', access: 'write' },
    ],
    params: [
      ...SUBSET_PARAMS,
      { name: 'proposalRows', type: 'u32' },
      { name: 'gtRows', type: 'u32' },
      { name: 'candidates', type: 'u32' },
      { name: 'slots', type: 'u32' },
    ],
    body: /* wgsl */ `${subsetFunctions(spec)}${streamFunction(spec)}${KEY_BINS}${LIMIT_OF}${drawnFunctions('scratch')}${candidateFunctions(addGts)}
const SIZE = ${WORKGROUP_SIZE}u;
const POSITIVES_FIRST = ${positivesFirst};
var<workgroup> ends: array<Limit, 2>;
var<workgroup> cursors: array<atomic<u32>, 2>;
var<workgroup> quota: vec2<u32>;
var<workgroup> before: array<vec2<u32>, ${WORKGROUP_SIZE}>;

@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let image = group.x;
  let stream = streamOf(image);
  let candidates = candidatesOf(image);
  let first = image * (params.candidates + 2u * params.slots);
  for (var candidate = lane; candidate < candidates; candidate += SIZE) {
    let gt = matchOf(image, sourceOf(image, candidate));
    if (gt >= -1) { atomicAdd(&bins[classOf(gt) * BINS + binOf(keyOf(stream, candidate))], 1u); }
  }
  workgroupBarrier();
  if (lane == 0u) {
    quota = quotaOf(binsTotal(0u), binsTotal(1u));
    ends[0] = limitOf(0u, quota.x);
    ends[1] = limitOf(1u, quota.y);
    numPos[image] = i32(quota.x);
    numNeg[image] = i32(quota.y);
  }
  workgroupBarrier();
  for (var candidate = lane; candidate < candidates; candidate += SIZE) {
    let gt = matchOf(image, sourceOf(image, candidate));
    let half = classOf(gt);
    let key = keyOf(stream, candidate);
    if (gt >= -1 && ends[half].left > 0u && binOf(key) == ends[half].bin) {
      scratch[tieAt(half, atomicAdd(&cursors[half], 1u), first, params.candidates)] = key;
    }
  }
  storageBarrier();
  workgroupBarrier();
  let share = (candidates + SIZE - 1u) / SIZE;
  let begin = min(lane * share, candidates);
  let end = min(begin + share, candidates);
  var taken = vec2<u32>(0u);
  for (var candidate = begin; candidate < end; candidate++) {
    let source = sourceOf(image, candidate);
    let gt = matchOf(image, source);
    let half = classOf(gt);
    if (gt >= -1 && isDrawn(ends[half], keyOf(stream, candidate), half, first, params.candidates)) {
      taken += select(vec2<u32>(0u, 1u), vec2<u32>(1u, 0u), half == 0u);
    }
  }
  before[lane] = taken;
  workgroupBarrier();
  if (lane == 0u) {
    var sum = vec2<u32>(0u);
    for (var other = 0u; other < SIZE; other++) {
      let own = before[other];
      before[other] = sum;
      sum += own;
    }
  }
  workgroupBarrier();
  var at = before[lane];
  let slotRow = first + params.candidates;
  for (var candidate = begin; candidate < end; candidate++) {
    let source = sourceOf(image, candidate);
    let gt = matchOf(image, source);
    let half = classOf(gt);
    if (gt >= -1 && isDrawn(ends[half], keyOf(stream, candidate), half, first, params.candidates)) {
      var slot = at.x + at.y;
      if (POSITIVES_FIRST) { slot = select(quota.x + at.y, at.x, half == 0u); }
      scratch[slotRow + 2u * slot] = bitcast<u32>(source);
      scratch[slotRow + 2u * slot + 1u] = bitcast<u32>(gt);
      present[image * params.slots + slot] = 1;
      at += select(vec2<u32>(0u, 1u), vec2<u32>(1u, 0u), half == 0u);
    }
  }
  for (var slot = quota.x + quota.y + lane; slot < params.slots; slot += SIZE) {
    scratch[slotRow + 2u * slot + 1u] = bitcast<u32>(-2);
    present[image * params.slots + slot] = 0;
  }
}`,
  };
}
