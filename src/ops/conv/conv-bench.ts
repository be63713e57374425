import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor4D } from '../../tensor/tf.ts';
import type { BenchCase } from '../host/bench-case.ts';
import { variedValues } from '../host/varied-values.ts';
import { conv2d } from './conv2d.ts';

/** Kernel side, stride, channels in and out, and side of the input map. */
const SHAPES = [
  [1, 1, 64, 64, 32],
  [3, 1, 64, 64, 32],
  [3, 2, 128, 128, 32],
] as const;

export const convBench: readonly BenchCase[] = SHAPES.flatMap(
  ([kernel, stride, inputs, outputs, side]): BenchCase[] => {
    const name = `${kernel}×${kernel} stride ${stride} ${inputs}→${outputs} at ${side}`;
    const options = { stride, padding: (kernel - 1) / 2 };
    const tensors = () =>
      [
        tf.tensor4d(variedValues(side * side * inputs, 1), [1, side, side, inputs]),
        tf.tensor4d(variedValues(kernel * kernel * inputs * outputs, 2), [
          kernel,
          kernel,
          inputs,
          outputs,
        ]),
      ] as const;
    const timed = (
      group: string,
      run: (x: Tensor4D, w: Tensor4D) => readonly Tensor[],
    ): BenchCase => ({
      name: `conv ${name}`,
      group,
      prepare() {
        const [x, w] = tensors();
        return { inputs: [x, w], run: () => run(x, w) };
      },
    });
    return [
      timed('conv-forward', (x, w) => [conv2d(x, w, null, options)]),
      // The forward pass is in these two as well: the tape wants its result.
      timed('conv-dx', (x, w) => [
        tf.grad((at) => conv2d(at.as4D(...x.shape), w, null, options))(x),
      ]),
      timed('conv-dw', (x, w) => [
        tf.grad((at) => conv2d(x, at.as4D(...w.shape), null, options))(w),
      ]),
    ];
  },
);
