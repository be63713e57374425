/**
 * `orderedBits(x)`: a u32 that orders as the floats do, −0 as 0 and the infinities at the ends; never 0 for a number, so
 * that 0 can say "takes no part". For NaN it means nothing: test with `isNan` first.
 */
export const ORDERED_BITS = /* wgsl */ `
fn orderedBits(value: f32) -> u32 {
  let bits = bitcast<u32>(select(value, 0.0, value == 0.0));
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}`;
