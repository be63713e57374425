import { isRecord } from '../oracle/casepack.ts';

/** The small float32 arrays of a casepack list (they are inline there). Used by tests only. */
export function packedLists(value: unknown): Float32Array<ArrayBuffer>[] {
  if (!Array.isArray(value)) throw new Error('packedLists: no list');
  return value.map((item: unknown) => {
    if (!isRecord(item) || item['$t'] !== 'f32' || !Array.isArray(item['data'])) {
      throw new Error('packedLists: no inline float32 array');
    }
    return Float32Array.from(item['data'].map(Number));
  });
}
