import { describe, expect, it } from 'vitest';
import { rng } from '../../base/rng.ts';
import { convReference } from '../../ops/conv/conv2d.reference.ts';
import { convOutputSize } from '../../ops/conv/conv-shape.ts';
import { centralDifferences } from '../../ops/host/central-differences.ts';
import { linearReference } from '../../ops/linear/linear.reference.ts';
import { batchNormReference } from '../../ops/norm/batch-norm.reference.ts';
import { conv } from './conv.ts';
import { add, evaluationNorm, linear, maxPool, relu, upsampleAdd } from './layers.ts';
import { matmul, transpose } from './matmul.ts';
import { addTo, constantValue, gradientOf, Tape, trainedValue } from './tape.ts';
import type { Value } from './tape.ts';

const random = rng(61);
const draw = (length: number) => Float32Array.from({ length }, () => random.normal());

/** Runs an operator and sends `dy` back through it. */
function backward(dy: Float32Array, run: (tape: Tape) => Value): Value {
  const tape = new Tape();
  const result = run(tape);
  addTo(gradientOf(result), dy);
  tape.backward();
  return result;
}

function expectClose(got: ArrayLike<number> | null, want: ArrayLike<number>): void {
  expect(got?.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    expect(Math.abs((got?.[i] ?? NaN) - (want[i] ?? NaN))).toBeLessThan(
      2e-5 * (1 + Math.abs(want[i] ?? 0)),
    );
  }
}

describe('matmul', () => {
  it.each([
    [1, 1, 1],
    [4, 3, 8],
    [5, 7, 6],
    [9, 2, 13],
  ])('%i × %i × %i equals three plain loops', (rows, inner, columns) => {
    const [a, b] = [draw(rows * inner), draw(inner * columns)];
    const want = Array.from({ length: rows * columns }, (_, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      let sum = 0;
      for (let k = 0; k < inner; k++)
        sum += (a[row * inner + k] ?? 0) * (b[k * columns + column] ?? 0);
      return sum;
    });
    expectClose(matmul(a, b, rows, inner, columns), want);
    expect(transpose(transpose(a, rows, inner), inner, rows)).toEqual(a);
  });
});

describe('operators against the slow twins', () => {
  it.each([
    { kernel: 3, stride: 1, padding: 1 },
    { kernel: 3, stride: 2, padding: 1 },
    { kernel: 1, stride: 1, padding: 0 },
    { kernel: 1, stride: 2, padding: 0 },
    { kernel: 7, stride: 2, padding: 3 },
  ])('convolution $kernel, stride $stride', ({ kernel, stride, padding }) => {
    const shape = {
      batch: 2,
      height: 9,
      width: 7,
      inChannels: 3,
      outChannels: 5,
      kernelHeight: kernel,
      kernelWidth: kernel,
      stride,
      paddingY: padding,
      paddingX: padding,
      dilation: 1,
      groups: 1,
    };
    const [outHeight, outWidth] = convOutputSize(shape);
    const x = trainedValue(draw(2 * 9 * 7 * 3), [2, 9, 7, 3]);
    const w = trainedValue(draw(kernel * kernel * 15), [kernel, kernel, 3, 5]);
    const bias = trainedValue(draw(5), [5]);
    const dy = draw(2 * outHeight * outWidth * 5);
    const y = backward(dy, (tape) => conv(tape, x, w, bias, { stride, padding }));
    const want = convReference(shape, x.data, w.data, dy);
    expect(y.shape).toEqual([2, outHeight, outWidth, 5]);
    expectClose(
      y.data,
      want.y.map((value, i) => value + (bias.data[i % 5] ?? 0)),
    );
    expectClose(x.grad, want.dx);
    expectClose(w.grad, want.dw);
    const sums = [0, 1, 2, 3, 4].map((c) =>
      dy.reduce((sum, value, i) => (i % 5 === c ? sum + value : sum), 0),
    );
    expectClose(bias.grad, sums);
  });

  it('linear layer', () => {
    const x = trainedValue(draw(18), [3, 6]);
    const w = trainedValue(draw(30), [6, 5]);
    const bias = trainedValue(draw(5), [5]);
    const dy = draw(15);
    const y = backward(dy, (tape) => linear(tape, x, w, bias));
    const arrays = { x: x.data, weight: w.data, bias: bias.data, dy };
    const want = linearReference({ ...arrays, inputs: 6, outputs: 5, relu: false });
    expectClose(y.data, want.y);
    expectClose(x.grad, want.dx);
    expectClose(w.grad, want.dWeight);
    expectClose(bias.grad, want.dBias);
  });

  it('norm by running statistics', () => {
    const x = trainedValue(draw(2 * 4 * 3), [2, 2, 2, 3]);
    const [weight, bias] = [trainedValue(draw(3), [3]), trainedValue(draw(3), [3])];
    const mean = draw(3);
    const variance = draw(3).map((value) => value * value + 0.1);
    const dy = draw(24);
    const vectors = { weight, bias, mean, variance };
    const y = backward(dy, (tape) => evaluationNorm(tape, x, vectors, 1e-5));
    const want = batchNormReference({
      x: x.data,
      weight: weight.data,
      bias: bias.data,
      dy,
      runningMean: mean,
      runningVar: variance,
      eps: 1e-5,
      momentum: 0.1,
      training: false,
      relu: false,
    });
    expectClose(y.data, want.y);
    expectClose(x.grad, want.dx);
    expectClose(weight.grad, want.dWeight);
    expectClose(bias.grad, want.dBias);
  });

  it('a block of several operators against differences', () => {
    const shape = [1, 4, 4, 2];
    const dy = draw(32);
    const small = constantValue(draw(8), [1, 2, 2, 2]);
    const run = (tape: Tape, x: Value) => {
      const pooled = maxPool(tape, relu(tape, x), { kernelSize: 1, stride: 2, padding: 0 });
      return upsampleAdd(tape, x, add(tape, pooled, small));
    };
    const x = trainedValue(draw(32), shape);
    backward(dy, (tape) => run(tape, x));
    const value = (values: ArrayLike<number>) =>
      run(new Tape(), constantValue(Float32Array.from(values), shape)).data.reduce(
        (sum, y, i) => sum + y * (dy[i] ?? 0),
        0,
      );
    const slopes = centralDifferences(value, [...x.data], 1e-3);
    slopes.forEach((slope, i) => expect(Math.abs((x.grad?.[i] ?? NaN) - slope)).toBeLessThan(5e-3));
    expect(small.grad).toBeNull();
  });
});
