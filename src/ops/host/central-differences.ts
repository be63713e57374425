/**
 * Gradient of a scalar function by central differences: (f(x + h·eᵢ) − f(x − h·eᵢ)) / 2h, in float64. What the gradient of
 * a slow twin is checked against; error O(h²).
 *
 * @param at the point; not changed
 */
export function centralDifferences(
  f: (x: Float64Array) => number,
  at: ArrayLike<number>,
  h = 1e-5,
): Float64Array {
  const x = Float64Array.from(at);
  return Float64Array.from(at, (value, i) => {
    x[i] = value + h;
    const above = f(x);
    x[i] = value - h;
    const below = f(x);
    x[i] = value;
    return (above - below) / (2 * h);
  });
}

/** Σ a[i]·b[i]: turns an array-valued function and an upstream gradient into the scalar whose gradient is wanted. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
