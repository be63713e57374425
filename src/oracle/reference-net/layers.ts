import { maxPoolReference, maxPoolSize } from '../../ops/pool/max-pool.reference.ts';
import { roiAlignReference } from '../../ops/roi-align/roi-align.reference.ts';
import type { RoiAlignShape } from '../../ops/roi-align/roi-align.reference.ts';
import { upsampleAddReference } from '../../ops/upsample-add/upsample-add.reference.ts';
import { addBias, addColumnSums } from './conv.ts';
import { matmul, transpose } from './matmul.ts';
import { addTo, gradientOf } from './tape.ts';
import type { Tape, Value } from './tape.ts';

/** max(x, 0) */
export function relu(tape: Tape, x: Value): Value {
  const data = x.data.map((value) => Math.max(value, 0));
  return tape.record(data, x.shape, [x], (dy) => {
    addTo(
      gradientOf(x),
      dy.map((value, i) => ((data[i] ?? 0) > 0 ? value : 0)),
    );
  });
}

export function add(tape: Tape, a: Value, b: Value): Value {
  const data = a.data.map((value, i) => value + (b.data[i] ?? 0));
  return tape.record(data, a.shape, [a, b], (dy) => {
    for (const input of [a, b]) if (input.tracked) addTo(gradientOf(input), dy);
  });
}

/** The four vectors of a batch norm. */
export interface NormVectors {
  readonly weight: Value;
  readonly bias: Value;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** Batch norm by the running statistics: (x − mean) / √(variance + eps) · weight + bias per channel. */
export function evaluationNorm(tape: Tape, x: Value, vectors: NormVectors, eps: number): Value {
  const { weight, bias, mean, variance } = vectors;
  const channels = mean.length;
  const inverse = Float64Array.from(variance, (value) => 1 / Math.sqrt(value + eps));
  const normal = (i: number) =>
    ((x.data[i] ?? 0) - (mean[i % channels] ?? 0)) * (inverse[i % channels] ?? 0);
  const data = x.data.map(
    (_, i) => normal(i) * (weight.data[i % channels] ?? 0) + (bias.data[i % channels] ?? 0),
  );
  return tape.record(data, x.shape, [x, weight, bias], (dy) => {
    if (bias.tracked) addColumnSums(gradientOf(bias), dy);
    if (weight.tracked)
      addColumnSums(
        gradientOf(weight),
        dy.map((value, i) => value * normal(i)),
      );
    if (!x.tracked) return;
    const scale = (i: number) => (weight.data[i % channels] ?? 0) * (inverse[i % channels] ?? 0);
    addTo(
      gradientOf(x),
      dy.map((value, i) => value * scale(i)),
    );
  });
}

export interface PoolOptions {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
}

export function maxPool(tape: Tape, x: Value, options: PoolOptions): Value {
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape;
  const shape = { batch, height, width, channels, ...options };
  const outShape = [batch, ...maxPoolSize(shape), channels];
  const zeros = new Float32Array(outShape.reduce((product, side) => product * side, 1));
  const { y } = maxPoolReference(shape, x.data, zeros);
  return tape.record(Float32Array.from(y), outShape, [x], (dy) => {
    addTo(gradientOf(x), maxPoolReference(shape, x.data, dy).dx);
  });
}

/** lateral + nearest(small) */
export function upsampleAdd(tape: Tape, lateral: Value, small: Value): Value {
  const [batch = 0, height = 0, width = 0, channels = 0] = lateral.shape;
  const [, smallHeight = 0, smallWidth = 0] = small.shape;
  const shape = { batch, height, width, channels, smallHeight, smallWidth };
  const { y } = upsampleAddReference(shape, lateral.data, small.data, lateral.data);
  return tape.record(Float32Array.from(y), lateral.shape, [lateral, small], (dy) => {
    if (lateral.tracked) addTo(gradientOf(lateral), dy);
    if (small.tracked) {
      addTo(gradientOf(small), upsampleAddReference(shape, lateral.data, small.data, dy).dSmall);
    }
  });
}

/** x [R, I] · w [I, O] + bias [O] */
export function linear(tape: Tape, x: Value, w: Value, bias: Value): Value {
  const [rows = 0, inputs = 0] = x.shape;
  const [, outputs = 0] = w.shape;
  const data = matmul(x.data, w.data, rows, inputs, outputs);
  addBias(data, bias.data);
  return tape.record(data, [rows, outputs], [x, w, bias], (dy) => {
    if (bias.tracked) addColumnSums(gradientOf(bias), dy);
    if (w.tracked) {
      const flipped = transpose(x.data, rows, inputs);
      addTo(gradientOf(w), matmul(flipped, dy, inputs, rows, outputs));
    }
    if (x.tracked) {
      const flipped = transpose(w.data, inputs, outputs);
      addTo(gradientOf(x), matmul(dy, flipped, rows, outputs, inputs));
    }
  });
}

/** The same numbers in another shape. */
export function reshape(tape: Tape, x: Value, shape: readonly number[]): Value {
  return tape.record(x.data, shape, [x], (dy) => {
    addTo(gradientOf(x), dy);
  });
}

/** RoIAlign of RoIs [R, 5], each from its level, → [R, h, w, C]. */
export function roiAlign(
  tape: Tape,
  features: readonly Value[],
  rois: Float32Array,
  levels: ArrayLike<number>,
  options: Pick<RoiAlignShape, 'outputSize' | 'samplingRatio' | 'aligned'> & {
    readonly spatialScales: readonly number[];
  },
): Value {
  const { spatialScales, ...rest } = options;
  const [batch = 0, , , channels = 0] = features[0]?.shape ?? [];
  const shape: RoiAlignShape = {
    ...rest,
    batch,
    channels,
    levels: features.map(({ shape: [, height = 0, width = 0] }, level) => ({
      height,
      width,
      spatialScale: spatialScales[level] ?? 0,
    })),
  };
  const maps = features.map(({ data }) => data);
  const { y } = roiAlignReference(shape, maps, rois, levels, []);
  const outShape = [levels.length, ...rest.outputSize, channels];
  return tape.record(Float32Array.from(y), outShape, features, (dy) => {
    const { grads } = roiAlignReference(shape, maps, rois, levels, dy);
    for (const [level, feature] of features.entries()) {
      if (feature.tracked) addTo(gradientOf(feature), grads[level] ?? []);
    }
  });
}
