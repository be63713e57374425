import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';

/** Scalars that shape an op: stride, padding, flags. */
export type OpAttributes = Readonly<Record<string, number | boolean | readonly number[]>>;

/** A differentiable op of ours on tfjs's tape. */
export interface OpDefinition<I extends string, A extends OpAttributes> {
  /** Kernel name in tfjs's registry; must not clash with tfjs's own. */
  readonly name: string;
  /** Inputs whose values the gradient needs, in the order in which it gets them. */
  readonly save: readonly I[];
  /** Whether the gradient also gets the output (after the saved inputs). */
  readonly saveOutput?: boolean;
  /** Records the dispatches and returns the result; scratch tensors made on the way are disposed of. */
  forward(inputs: Readonly<Record<I, Tensor>>, attributes: A): Tensor;
  /**
   * One function per input; only those that lead to a variable are called, so a frozen stem costs nothing.
   * Work shared by several of them is done in the body.
   */
  gradient(
    dy: Tensor,
    saved: readonly Tensor[],
    attributes: A,
  ): Readonly<Record<string, () => Tensor>>;
}

/**
 * Registers an op with tfjs (kernel for `webgpu`, gradient for the tape) and returns the function that runs it.
 * Inputs that are absent (an optional bias) are simply left out of the map.
 */
export function defineOp<I extends string, A extends OpAttributes>(
  definition: OpDefinition<I, A>,
): (inputs: Readonly<Partial<Record<I, Tensor>>>, attributes: A) => Tensor {
  const { name, save, saveOutput = false } = definition;
  tf.registerKernel({
    kernelName: name,
    backendName: 'webgpu',
    kernelFunc: ({ inputs, attrs }) =>
      // The registry's maps are untyped; they hold what the function returned below put there. Scratch tensors go
      // with the tidy scope; tfjs takes the returned tensor as it is.
      tf.tidy(() => definition.forward(inputs as Record<I, Tensor>, attrs as unknown as A)),
  });
  tf.registerGradient({
    kernelName: name,
    inputsToSave: [...save],
    outputsToSave: saveOutput ? [true] : [],
    gradFunc: (dy, saved, attrs) => {
      if (Array.isArray(dy)) throw new Error(`${name}: more than one output`);
      return { ...definition.gradient(dy, saved, attrs as unknown as A) };
    },
  });
  return (inputs, attributes) =>
    tf
      .engine()
      .runKernel<Tensor>(
        name,
        inputs as Record<string, Tensor>,
        attributes as unknown as tf.NamedAttrMap,
      );
}

/** A differentiable op of ours with any number of inputs and outputs. */
export interface ListOpDefinition<A extends OpAttributes> {
  /** Kernel name in tfjs's registry; must not clash with tfjs's own. */
  readonly name: string;
  /** Records the dispatches and returns the results; scratch tensors made on the way are disposed of. */
  forward(inputs: readonly Tensor[], attributes: A): Tensor[];
  /**
   * One function per input; only those that lead to a variable are called. Work shared by several of them is done in the
   * body. A result that nothing depends on has a `dys` of zeros.
   */
  gradient(
    dys: readonly Tensor[],
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    attributes: A,
  ): readonly (() => Tensor)[];
}

/** tfjs wants to know beforehand which outputs are kept; no op has as many. */
const MOST_OUTPUTS = 64;

/** Like {@link defineOp}, for an op on lists of tensors; all of them are kept for the gradient. */
export function defineListOp<A extends OpAttributes>(
  definition: ListOpDefinition<A>,
): (inputs: readonly Tensor[], attributes: A) => Tensor[] {
  const { name } = definition;
  tf.registerKernel({
    kernelName: name,
    backendName: 'webgpu',
    // tfjs hands lists through as they are, only its types say otherwise.
    kernelFunc: ({ inputs, attrs }) =>
      tf.tidy(() =>
        definition.forward(inputs as unknown as readonly Tensor[], attrs as unknown as A),
      ),
  });
  tf.registerGradient({
    kernelName: name,
    saveAllInputs: true,
    outputsToSave: Array.from({ length: MOST_OUTPUTS }, () => true),
    gradFunc: (dy, saved, attrs) => {
      const dys = Array.isArray(dy) ? dy : [dy];
      const inputCount = saved.length - dys.length;
      const gradients = definition.gradient(
        dys,
        saved.slice(0, inputCount),
        saved.slice(inputCount),
        attrs as unknown as A,
      );
      return Object.fromEntries(gradients.map((gradient, i) => [i, gradient]));
    },
  });
  return (inputs, attributes) => {
    const outputs = tf
      .engine()
      .runKernel<Tensor | Tensor[]>(
        name,
        [...inputs] as unknown as tf.NamedTensorMap,
        attributes as unknown as tf.NamedAttrMap,
      );
    return Array.isArray(outputs) ? outputs : [outputs];
  };
}
