import type { BufferSpec, ParamSpec } from '../../tensor/kernel.ts';
import { COUNTER_RNG } from './counter-rng.wgsl.ts';

/** Bins of the histograms of keys; an op that draws has one for positives and one for negatives. */
export const BINS = 256;

/** What may change the text of a kernel that draws. */
export interface SubsetSpec {
  /** Whether keys are random numbers, or the candidates' indices. */
  readonly random: boolean;
  /** Whether the number of negatives is bounded by that of positives. */
  readonly bounded: boolean;
  /** Last counter of the random stream; see `PURPOSE`. */
  readonly purpose: number;
}

/** The parameters that {@link subsetFunctions} reads. */
export const SUBSET_PARAMS: readonly ParamSpec[] = [
  { name: 'num', type: 'u32' },
  { name: 'maxPos', type: 'u32' },
  { name: 'negPosUb', type: 'f32' },
  { name: 'binWidth', type: 'u32' },
];

/** The random key as a buffer, where it is needed. */
export function randomKeyBuffer({ random }: SubsetSpec): readonly BufferSpec[] {
  return random ? [{ name: 'randomKey', type: 'i32', access: 'read' }] : [];
}

/** `streamOf(image)`: an image's random numbers. Needs {@link subsetFunctions} and {@link randomKeyBuffer}. */
export function streamFunction({ random, purpose }: SubsetSpec): string {
  const stream = random
    ? `openStream(u32(randomKey[0]), u32(randomKey[1]), image, ${purpose}u)`
    : 'vec2<u32>(0u)';
  return /* wgsl */ `
fn streamOf(image: u32) -> vec2<u32> { return ${stream}; }`;
}

/**
 * Drawing k of an image's candidates: those of the k smallest keys, which are distinct. Candidates are told apart by their
 * match (≥ 0 positive, −1 negative, else none) into class 0, positives, and 1, negatives.
 *
 * - `keyOf(stream, candidate)`, `binOf(key)`: keys, and bins that order as they do.
 * - `quotaOf(positives, negatives)`: how many of each are taken (RandomSampler: all, when no more are wanted).
 *
 * Needs SUBSET_PARAMS.
 */
export function subsetFunctions({ random, bounded }: SubsetSpec): string {
  const keys = random
    ? /* wgsl */ `${COUNTER_RNG}
fn keyOf(stream: vec2<u32>, candidate: u32) -> u32 { return drawn(stream, candidate); }
fn binOf(key: u32) -> u32 { return key >> 24u; }`
    : /* wgsl */ `
fn keyOf(stream: vec2<u32>, candidate: u32) -> u32 { return candidate; }
fn binOf(key: u32) -> u32 { return key / params.binWidth; }`;
  return /* wgsl */ `${keys}
const BOUNDED = ${bounded};
fn classOf(gt: i32) -> u32 { return select(0u, 1u, gt < 0); }
fn quotaOf(positives: u32, negatives: u32) -> vec2<u32> {
  let taken = min(positives, params.maxPos);
  var wanted = params.num - taken;
  if (BOUNDED) { wanted = min(wanted, u32(params.negPosUb * f32(max(taken, 1u)))); }
  return vec2<u32>(taken, min(negatives, wanted));
}`;
}

/** The workgroup's histogram of keys, `bins`: positives' then negatives'. Workgroup memory starts as zeros. */
export const KEY_BINS = /* wgsl */ `
const BINS = ${BINS}u;
var<workgroup> bins: array<atomic<u32>, ${2 * BINS}>;`;

/**
 * `binsTotal(group)` and `limitOf(group, quota)`: the candidates of a class, and where its quota ends. For one
 * invocation; both walk the bins. Needs KEY_BINS and {@link drawnFunctions}.
 */
export const LIMIT_OF = /* wgsl */ `
fn binsTotal(group: u32) -> u32 {
  var total = 0u;
  for (var bin = 0u; bin < BINS; bin++) { total += atomicLoad(&bins[group * BINS + bin]); }
  return total;
}
fn limitOf(group: u32, quota: u32) -> Limit {
  var left = quota;
  for (var bin = 0u; bin < BINS; bin++) {
    let inBin = atomicLoad(&bins[group * BINS + bin]);
    if (inBin > left) { return Limit(bin, left, inBin); }
    left -= inBin;
  }
  return Limit(BINS, 0u, 0u);
}`;

/**
 * `Limit`: the bins before `bin` are taken whole, and of `bin`, which holds `ties` candidates, the `left` smallest keys.
 *
 * `isDrawn(limit, key, group, first, size)`: whether a candidate is among those taken. The keys of the limit's bin lie in
 * the bound u32 buffer between `first` and `first + size`: positives' from the front, negatives' from the back
 * (`tieAt(group, index, first, size)`), in any order. Needs {@link subsetFunctions}.
 *
 * @param ties name of that buffer
 */
export function drawnFunctions(ties: string): string {
  return /* wgsl */ `
struct Limit { bin: u32, left: u32, ties: u32 }
fn tieAt(group: u32, index: u32, first: u32, size: u32) -> u32 {
  return select(first + size - 1u - index, first + index, group == 0u);
}
fn isDrawn(limit: Limit, key: u32, group: u32, first: u32, size: u32) -> bool {
  let bin = binOf(key);
  if (bin != limit.bin) { return bin < limit.bin; }
  var smaller = 0u;
  for (var index = 0u; index < limit.ties && smaller < limit.left; index++) {
    smaller += select(0u, 1u, ${ties}[tieAt(group, index, first, size)] < key);
  }
  return smaller < limit.left;
}`;
}
