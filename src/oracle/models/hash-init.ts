import { z } from 'zod';
import type { PackedCase } from '../../ops/oracle/parse-casepack.ts';

/** FNV-1a of a text's UTF-8 bytes, 32 bits. */
function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * The weights of the fixtures that hold none: element i of a tensor is centre + half · u, u in [−1, 1) from a hash of
 * (name, seed, i) (MurmurHash3's finaliser).
 */
function hashFill(
  name: string,
  size: number,
  seed: number,
  centre: number,
  half: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(size);
  const start = (fnv1a32(name) ^ seed) >>> 0;
  for (let i = 0; i < size; i++) {
    let hash = (start + Math.imul(i + 1, 0x9e3779b9)) >>> 0;
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    hash ^= hash >>> 16;
    out[i] = centre + half * (2 * ((hash >>> 0) / 2 ** 32) - 1);
  }
  return out;
}

/** A tensor in PyTorch's layout. */
export interface NamedWeights {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** [shape, centre, half] of each tensor by its name. */
const params = z.record(z.string(), z.tuple([z.array(z.number().int()), z.number(), z.number()]));

/** The weights that the case `init` of a model's fixture describes, by its own names. */
export function initialWeights(init: PackedCase): ReadonlyMap<string, NamedWeights> {
  const seed = init.number('seed');
  return new Map(
    Object.entries(params.parse(init.raw('params'))).map(([name, [shape, centre, half]]) => {
      const size = shape.reduce((product, side) => product * side, 1);
      return [name, { shape, data: hashFill(name, size, seed, centre, half) }];
    }),
  );
}

/** Σ |w| of all tensors, which the fixture says too. */
export function absSum(weights: ReadonlyMap<string, NamedWeights>): number {
  let sum = 0;
  for (const { data } of weights.values()) for (const value of data) sum += Math.abs(value);
  return sum;
}
