import type { BufferSpec, Kernel, ParamSpec } from '../../tensor/kernel.ts';
import {
  BINS,
  KEY_BINS,
  LIMIT_OF,
  SUBSET_PARAMS,
  drawnFunctions,
  randomKeyBuffer,
  streamFunction,
  subsetFunctions,
} from './draw-subset.wgsl.ts';
import type { SubsetSpec } from './draw-subset.wgsl.ts';

/** Invocations of a workgroup: one per bin of a histogram. */
export const WORKGROUP_SIZE = BINS;
/** Workgroups that share the anchors of one image. */
export const BLOCKS = 32;

const ASSIGNED: BufferSpec = { name: 'assigned', type: 'i32', access: 'read' };
const PARAMS: readonly ParamSpec[] = [...SUBSET_PARAMS, { name: 'anchorCount', type: 'u32' }];

const BLOCK_RANGE = /* wgsl */ `
const BLOCKS = ${BLOCKS}u;
struct Range { begin: u32, end: u32 }
fn blockRange(block: u32) -> Range {
  let share = (params.anchorCount + BLOCKS - 1u) / BLOCKS;
  let begin = min(block * share, params.anchorCount);
  return Range(begin, min(begin + share, params.anchorCount));
}`;

/**
 * Histogram of the candidates' keys, for each block of each image's anchors (first step of drawing, see draw-subset).
 * Buffers: assigned i32 [B, N], randomKey i32 [2] where keys are random → histograms u32 [B, BLOCKS, 2 · BINS].
 * One workgroup per block and image; atomic counts of integers, so exact.
 */
export function sampleHistogramKernel(spec: SubsetSpec): Kernel {
  return {
    name: 'sample_histogram',
    buffers: [
      ASSIGNED,
      ...randomKeyBuffer(spec),
      { name: 'histograms', type: 'u32', access: 'write' },
    ],
    params: PARAMS,
    body: /* wgsl */ `${subsetFunctions(spec)}${streamFunction(spec)}${BLOCK_RANGE}${KEY_BINS}

@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let stream = streamOf(group.y);
  let range = blockRange(group.x);
  for (var anchor = range.begin + lane; anchor < range.end; anchor += ${WORKGROUP_SIZE}u) {
    let gt = assigned[group.y * params.anchorCount + anchor];
    if (gt >= -1) { atomicAdd(&bins[classOf(gt) * BINS + binOf(keyOf(stream, anchor))], 1u); }
  }
  workgroupBarrier();
  let row = (group.y * BLOCKS + group.x) * 2u * BINS;
  histograms[row + lane] = atomicLoad(&bins[lane]);
  histograms[row + BINS + lane] = atomicLoad(&bins[BINS + lane]);
}`,
  };
}

/**
 * How many are taken, and the keys of the two bins in which the quotas end, one of positives and one of negatives.
 * Buffers: assigned, randomKey, histograms as {@link sampleHistogramKernel} → ties u32 [B, N] (see `drawnFunctions`; what lies
 * between the two lists is not written), limits u32 [B, 8] (bin, left, ties of positives, then of negatives, and the image's
 * random stream), numPos i32 [B], numNeg i32 [B].
 * One workgroup per block and image; each adds up all histograms of its image. Within a block the order of a list is
 * whatever an atomic counter gives; only its set is used.
 */
export function sampleTiesKernel(spec: SubsetSpec): Kernel {
  return {
    name: 'sample_ties',
    buffers: [
      ASSIGNED,
      ...randomKeyBuffer(spec),
      { name: 'histograms', type: 'u32', access: 'read' },
      { name: 'ties', type: 'u32', access: 'write' },
      { name: 'limits', type: 'u32', access: 'write' },
      { name: 'numPos', type: 'i32', access: 'write' },
      { name: 'numNeg', type: 'i32', access: 'write' },
    ],
    params: PARAMS,
    body: /* wgsl */ `${subsetFunctions(spec)}${streamFunction(spec)}${BLOCK_RANGE}${KEY_BINS}${LIMIT_OF}${drawnFunctions('ties')}
var<workgroup> ends: array<Limit, 2>;
var<workgroup> cursors: array<atomic<u32>, 2>;

@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let image = group.y;
  let row = image * BLOCKS * 2u * BINS;
  for (var bin = lane; bin < 2u * BINS; bin += ${WORKGROUP_SIZE}u) {
    var total = 0u;
    for (var block = 0u; block < BLOCKS; block++) {
      total += histograms[row + block * 2u * BINS + bin];
    }
    atomicStore(&bins[bin], total);
  }
  workgroupBarrier();
  let stream = streamOf(image);
  if (lane == 0u) {
    let quota = quotaOf(binsTotal(0u), binsTotal(1u));
    for (var half = 0u; half < 2u; half++) {
      let end = limitOf(half, quota[half]);
      ends[half] = end;
      var before = 0u;
      if (end.left > 0u) {
        for (var block = 0u; block < group.x; block++) {
          before += histograms[row + (block * 2u + half) * BINS + end.bin];
        }
      }
      atomicStore(&cursors[half], before);
      if (group.x == 0u) {
        let at = image * 8u + half * 3u;
        limits[at] = end.bin;
        limits[at + 1u] = end.left;
        limits[at + 2u] = end.ties;
      }
    }
    if (group.x == 0u) {
      limits[image * 8u + 6u] = stream.x;
      limits[image * 8u + 7u] = stream.y;
      numPos[image] = i32(quota.x);
      numNeg[image] = i32(quota.y);
    }
  }
  workgroupBarrier();
  let range = blockRange(group.x);
  let first = image * params.anchorCount;
  for (var anchor = range.begin + lane; anchor < range.end; anchor += ${WORKGROUP_SIZE}u) {
    let gt = assigned[first + anchor];
    let half = classOf(gt);
    let key = keyOf(stream, anchor);
    if (gt >= -1 && ends[half].left > 0u && binOf(key) == ends[half].bin) {
      ties[tieAt(half, atomicAdd(&cursors[half], 1u), first, params.anchorCount)] = key;
    }
  }
}`,
  };
}

/** What may change the text of {@link sampleMarkKernel}. */
export interface MarkSpec extends SubsetSpec {
  /** Whether every positive has the label 0, so that labels of ground truths are not bound. */
  readonly classAgnostic: boolean;
}

/**
 * Which anchors are taken, and their labels.
 * Buffers: assigned, ties, limits as {@link sampleTiesKernel}, gtLabels i32 [B, G] unless class-agnostic →
 * sampled i32 [B, N] (as assigned where taken, else −2), labels i32 [B, N] (numClasses for negatives, −1 where not taken).
 * One invocation per image and anchor; only those in a quota's last bin, about N / BINS, look at the list of ties.
 */
export function sampleMarkKernel(spec: MarkSpec): Kernel {
  const gtLabels: BufferSpec[] = spec.classAgnostic
    ? []
    : [{ name: 'gtLabels', type: 'i32', access: 'read' }];
  return {
    name: 'sample_mark',
    buffers: [
      ASSIGNED,
      { name: 'ties', type: 'u32', access: 'read' },
      { name: 'limits', type: 'u32', access: 'read' },
      ...gtLabels,
      { name: 'sampled', type: 'i32', access: 'write' },
      { name: 'labels', type: 'i32', access: 'write' },
    ],
    params: [
      ...PARAMS,
      { name: 'gtRows', type: 'u32' },
      { name: 'numClasses', type: 'i32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
    ],
    body: /* wgsl */ `${subsetFunctions(spec)}${drawnFunctions('ties')}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let image = index / params.anchorCount;
  let first = image * params.anchorCount;
  let gt = assigned[index];
  var result = -2;
  if (gt >= -1) {
    let half = classOf(gt);
    let at = image * 8u + half * 3u;
    let limit = Limit(limits[at], limits[at + 1u], limits[at + 2u]);
    let key = keyOf(vec2<u32>(limits[image * 8u + 6u], limits[image * 8u + 7u]), index - first);
    if (isDrawn(limit, key, half, first, params.anchorCount)) { result = gt; }
  }
  sampled[index] = result;
  var label = select(-1, params.numClasses, result == -1);
  if (result >= 0) {
    label = ${spec.classAgnostic ? '0' : 'gtLabels[image * params.gtRows + u32(result)]'};
  }
  labels[index] = label;
}`,
  };
}
