import { tf } from './tf.ts';
import type { Tensor, Tensor4D, Variable } from './tf.ts';

/** A part of a model: its input to its output. `again` is true when it runs anew for its gradient. */
export type CheckpointedPart = (x: Tensor4D, again: boolean) => Tensor4D;

export interface CheckpointedInputs {
  readonly x: Tensor4D;
  /** Whether `x` depends on something that is differentiated; if not, its gradient is not computed. */
  readonly differentiateX: boolean;
  /** What the part has to learn; all of them must act on its result. */
  readonly variables: readonly Variable[];
}

/**
 * Gradient checkpointing (Chen et al., 2016, Training Deep Nets with Sublinear Memory Cost, https://arxiv.org/abs/1604.06174):
 * runs a part of a model off the tape and keeps its input alone; the gradient runs it again, on a tape of its own, whose
 * intermediate tensors are freed when the part's gradients are known. Less memory for one more forward pass. The numbers are
 * those of the part on the tape, bit for bit, as long as it computes the same again.
 */
export function checkpointed(part: CheckpointedPart, inputs: CheckpointedInputs): Tensor4D {
  const { x, differentiateX, variables } = inputs;
  const differentiated = differentiateX ? [x, ...variables] : variables;
  if (differentiated.length === 0) return part(x, false);
  const run = tf.customGrad<Tensor4D>((...args) => {
    const save = args.at(-1);
    if (typeof save !== 'function') throw new Error('checkpointed: arguments');
    save([x]);
    return {
      value: part(x, false),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [kept] = saved;
        if (kept === undefined) throw new Error('checkpointed: saved');
        const input = kept.as4D(...x.shape);
        return onOwnTape(() => {
          const { value, grads } = tf.valueAndGrads<Tensor>(() => part(input, true))(
            differentiateX ? [input, ...variables] : [...variables],
            dy,
          );
          value.dispose();
          return grads;
        });
      },
    };
  });
  return run(...differentiated);
}

/**
 * Runs `body` with tfjs's tape set aside: an outermost gradient starts a tape and drops it when it is done, and here the
 * outer gradient, at work on its own tape, still needs that.
 */
function onOwnTape<T>(body: () => T): T {
  const { state } = tf.engine();
  const outer = state.activeTape;
  try {
    return body();
  } finally {
    state.activeTape = outer;
  }
}
