/**
 * The generator of `src/base/rng.ts` in WGSL, bit for bit: `openStream(seed, step, image, purpose)` is
 * `rng(seed, step, image, purpose)`, and `drawn(stream, n)` its n-th `uint32()`, for counters of 0 … 2³² − 1.
 * For one stream, `drawn` is a bijection of n: no two numbers are equal.
 */
export const COUNTER_RNG = /* wgsl */ `
fn lowbias32(value: u32) -> u32 {
  var x = (value ^ (value >> 16u)) * 0x21f0aaadu;
  x = (x ^ (x >> 15u)) * 0x735a2d97u;
  return x ^ (x >> 15u);
}
fn fold(lane: u32, counter: u32, salt: u32) -> u32 {
  return lowbias32(lowbias32(lane ^ counter ^ salt) + salt);
}
fn openStream(seed: u32, step: u32, image: u32, purpose: u32) -> vec2<u32> {
  var counters = array<u32, 4>(seed, step, image, purpose);
  var a = 0x9e3779b9u;
  var b = 0x85ebca6bu;
  for (var i = 0u; i < 4u; i++) {
    a = fold(a, counters[i], 0x2545f491u);
    b = fold(b ^ a, counters[i], 0xc2b2ae35u);
  }
  // The number of counters after the seed.
  return vec2<u32>(a, fold(b, 3u, 0x27d4eb2fu));
}
fn drawn(stream: vec2<u32>, n: u32) -> u32 {
  return lowbias32(lowbias32(n + stream.x) + stream.y);
}`;
