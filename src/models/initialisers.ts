import type { Initialiser } from './parameter-set.ts';

/** All elements the same. */
export function constant(value: number): Initialiser {
  return (shape) => new Float32Array(count(shape)).fill(value);
}

/** Normal with mean 0 and the given standard deviation. */
export function normal(std: number): Initialiser {
  return (shape, random) =>
    Float32Array.from({ length: count(shape) }, () => random.normal() * std);
}

/** Kaiming normal, fan_out, ReLU (He et al., 2015): std = √(2 / (CO·K²)). MMDetection's ResNet without weights. */
export const kaimingNormal: Initialiser = (shape, random) => {
  const [out = 1, , height = 1, width = 1] = shape;
  return normal(Math.sqrt(2 / (out * height * width)))(shape, random);
};

/** Xavier uniform (Glorot & Bengio, 2010): bound √(6 / (fan_in + fan_out)). MMDetection's FPN. */
export const xavierUniform: Initialiser = (shape, random) => {
  const [out = 1, input = 1, height = 1, width = 1] = shape;
  const bound = Math.sqrt(6 / ((out + input) * height * width));
  return Float32Array.from({ length: count(shape) }, () => (random.float() * 2 - 1) * bound);
};

/** Bias that makes a sigmoid start at probability `prior` (Lin et al., 2017, Focal Loss §3.3): −ln((1 − p)/p). */
export function priorBias(prior: number): Initialiser {
  return constant(-Math.log((1 - prior) / prior));
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
