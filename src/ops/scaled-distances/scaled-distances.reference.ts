import type { ScaledDistancesOptions } from './scaled-distances.ts';

/** Slow twin of `scaledDistances` and its gradients by Σ dy · distances, in float64. */
export function scaledDistancesReference(
  pred: ArrayLike<number>,
  scale: number,
  dy: ArrayLike<number>,
  { form, unit = 1 }: ScaledDistancesOptions,
): { readonly distances: number[]; readonly dPred: number[]; readonly dScale: number } {
  const products = Array.from(pred, (value) => scale * value);
  const slopes = products.map((z) => unit * (form === 'exp' ? Math.exp(z) : z >= 0 ? 1 : 0));
  const upstream = slopes.map((slope, i) => slope * (dy[i] ?? 0));
  return {
    distances: products.map((z) => unit * (form === 'exp' ? Math.exp(z) : Math.max(z, 0))),
    dPred: upstream.map((value) => value * scale),
    dScale: upstream.reduce((sum, value, i) => sum + value * (pred[i] ?? 0), 0),
  };
}
