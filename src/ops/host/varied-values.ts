/** Test values in −1 … 1 that differ everywhere and are the same on every machine. */
export function variedValues(count: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233));
}
