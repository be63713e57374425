/**
 * Counter-based random numbers: the n-th number of a stream is a pure function of (seed, counters, n), so the order in
 * which images are decoded or workers answer can never change what is drawn, and a stream is resumed by its counters.
 *
 * The key is 64 bits (two lanes folded over seed and counters), the generator hashes key and n with `lowbias32`
 * (Chris Wellons, "Prospecting for Hash Functions", bias 0.17). Only 32-bit integer arithmetic, +, ×, ÷ and sqrt on
 * doubles are used, all exactly specified by ECMAScript, so the numbers are the same in every engine.
 */
export interface Rng {
  /** Uniform integer 0 … 2³² − 1. */
  uint32(): number;
  /** Uniform in [0, 1), a multiple of 2⁻³². */
  float(): number;
  /** Uniform integer in [low, high), without modulo bias. Throws RangeError unless low < high and high − low ≤ 2³². */
  int(low: number, high: number): number;
  /** Standard normal (mean 0, variance 1), by the inverse distribution function; about 1e-9 accurate. */
  normal(): number;
  /** The items in a random order; the argument is left as it is. */
  shuffle<T>(items: readonly T[]): T[];
  /** A uniform permutation of 0 … n − 1 (Fisher–Yates from the end). */
  permutation(n: number): Uint32Array<ArrayBuffer>;
}

function lowbias32(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

/** Folds one counter (any safe integer) into a lane; high and low words both count. */
function fold(lane: number, counter: number, salt: number): number {
  const low = counter >>> 0;
  const high = Math.floor(counter / 4294967296) >>> 0;
  return lowbias32(lowbias32(lane ^ low ^ salt) + high + salt);
}

class CounterRng implements Rng {
  readonly #keyA: number;
  readonly #keyB: number;
  #n = 0;

  constructor(keyA: number, keyB: number) {
    this.#keyA = keyA;
    this.#keyB = keyB;
  }

  uint32(): number {
    const n = this.#n;
    this.#n = n + 1;
    return lowbias32((lowbias32((n + this.#keyA) | 0) + this.#keyB) | 0);
  }

  float(): number {
    return this.uint32() / 4294967296;
  }

  int(low: number, high: number): number {
    const span = high - low;
    if (!Number.isInteger(span) || span < 1 || span > 4294967296) {
      throw new RangeError(`rng.int: expected integers low < high, got ${low}, ${high}`);
    }
    // Lemire's rejection of the incomplete last block, in plain form: the loop ends after at most two draws on average.
    const limit = 4294967296 - (4294967296 % span);
    let drawn = this.uint32();
    while (drawn >= limit) drawn = this.uint32();
    return low + (drawn % span);
  }

  normal(): number {
    return inverseNormal((this.uint32() + 0.5) / 4294967296);
  }

  shuffle<T>(items: readonly T[]): T[] {
    return Array.from(this.permutation(items.length)).flatMap((i) => items.slice(i, i + 1));
  }

  permutation(n: number): Uint32Array<ArrayBuffer> {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(0, i + 1);
      const swapped = order[i] ?? 0;
      order[i] = order[j] ?? 0;
      order[j] = swapped;
    }
    return order;
  }
}

/**
 * Opens the stream of `seed` and `counters` (e.g. `rng(seed, epoch, imageIndex)`). Streams of different counters, and of
 * different numbers of counters, are independent. Throws RangeError when one of them is not a safe integer.
 */
export function rng(seed: number, ...counters: number[]): Rng {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (const value of [seed, ...counters]) {
    if (!Number.isSafeInteger(value))
      throw new RangeError(`rng: expected safe integers, got ${value}`);
    a = fold(a, value, 0x2545f491);
    b = fold(b ^ a, value, 0xc2b2ae35);
  }
  return new CounterRng(a, fold(b, counters.length, 0x27d4eb2f));
}

/**
 * Natural logarithm of a positive finite double, by range reduction and the atanh series: `Math.log` may differ in the
 * last bit between engines, and a weight that differs makes a run irreproducible.
 */
function portableLog(value: number): number {
  let mantissa = value;
  let exponent = 0;
  while (mantissa < 0.75) {
    mantissa *= 2;
    exponent -= 1;
  }
  while (mantissa >= 1.5) {
    mantissa /= 2;
    exponent += 1;
  }
  const z = (mantissa - 1) / (mantissa + 1);
  const z2 = z * z;
  let term = z;
  let sum = 0;
  for (let k = 1; k < 40; k += 2) {
    sum += term / k;
    term *= z2;
  }
  return 2 * sum + exponent * 0.6931471805599453;
}

/** c[0]·xⁿ + … + c[n], by Horner's rule. */
function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (const c of coefficients) sum = sum * x + c;
  return sum;
}

// P. J. Acklam's rational approximation of the inverse normal distribution, highest power first.
const CENTRE = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
  2.506628277459239,
];
const CENTRE_DIVISOR = [
  -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572,
  1,
];
const TAIL = [
  -7.784894002430293e-3, -0.3223964580411365, -2.400758277161838, -2.549732539343734,
  4.374664141464968, 2.938163982698783,
];
const TAIL_DIVISOR = [
  7.784695709041462e-3, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1,
];
const TAIL_START = 0.02425;

/** Inverse of the standard normal distribution function, 0 < p < 1. */
function inverseNormal(p: number): number {
  if (p < TAIL_START || p > 1 - TAIL_START) {
    const q = Math.sqrt(-2 * portableLog(p < 0.5 ? p : 1 - p));
    const x = polynomial(q, TAIL) / polynomial(q, TAIL_DIVISOR);
    return p < 0.5 ? x : -x;
  }
  const q = p - 0.5;
  const r = q * q;
  return (q * polynomial(r, CENTRE)) / polynomial(r, CENTRE_DIVISOR);
}
