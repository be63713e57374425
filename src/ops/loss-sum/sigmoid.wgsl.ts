import { IS_NAN } from '../box-iou/iou.wgsl.ts';

/**
 * `sigmoidParts(z)`: σ(z), 1 − σ(z), −log(1 − σ(z)) and −log σ(z). All are formed from e = exp(−|z|), so nothing
 * overflows or cancels at any z. Also `log1pOfAtMostOne(e)` for 0 ≤ e ≤ 1, which is 2 atanh(e / (2 + e)): WGSL's log
 * near 1 is only good to 5e-7 absolute. Includes IS_NAN, for a NaN must be sorted out before: exp and max may hide it.
 */
export const SIGMOID_PARTS = /* wgsl */ `${IS_NAN}
struct SigmoidParts {
  sigma: f32,
  rest: f32,
  minusLogRest: f32,
  minusLogSigma: f32,
}
fn log1pOfAtMostOne(e: f32) -> f32 {
  let s = e / (2.0 + e);
  let q = s * s;
  return 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (0.2 + q * (1.0 / 7.0 + q * (1.0 / 9.0
    + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q / 15.0)))))));
}
fn sigmoidParts(z: f32) -> SigmoidParts {
  let e = exp(-abs(z));
  let log1p = log1pOfAtMostOne(e);
  let near = 1.0 / (1.0 + e);
  let far = e / (1.0 + e);
  return SigmoidParts(
    select(far, near, z >= 0.0),
    select(near, far, z >= 0.0),
    max(z, 0.0) + log1p,
    max(-z, 0.0) + log1p,
  );
}`;
