import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Scalar, Tensor } from '../../tensor/tf.ts';
import { requireTensor } from '../argument/require-tensor.ts';
import { defineOp } from '../host/define-op.ts';
import {
  LOSS_WORKGROUP_SIZE,
  elementsKernel,
  finishKernel,
  gradKernel,
  sumKernel,
} from './loss-term.wgsl.ts';
import type { LossTerm } from './loss-term.wgsl.ts';

/** Terms that one invocation adds up before the count of workgroups grows, and the largest count. */
const TERMS_PER_INVOCATION = 16;
const MAX_WORKGROUPS = 512;

/** MMDetection adds float32's epsilon to the divisor of a loss. */
export const AVG_FACTOR_EPS = 1.1920929e-7;

/** Number of partial sums for a loss of `terms` terms; depends on nothing else, so the order of additions is fixed. */
function partialSums(terms: number): number {
  const groups = Math.ceil(terms / (LOSS_WORKGROUP_SIZE * TERMS_PER_INVOCATION));
  return Math.min(Math.max(groups, 1), MAX_WORKGROUPS);
}

/**
 * Checks the divisor of a loss of a batch: float32 [1] for all of it (MMDetection), or one for each image, [images]
 * (torchvision's RetinaNet).
 */
export function requireAvgFactor(op: string, avgFactor: Tensor, images: number): void {
  requireTensor(op, 'avgFactor', avgFactor, 'float32', [avgFactor.size === 1 ? 1 : images]);
}

/**
 * How a sum is divided: with one factor, by it + ε; with one per image, each image's own sum by its factor (without ε),
 * and the mean over images is taken. For a batch of one image both are the same to 1.2e-7.
 */
function division(avgFactor: Tensor, lossWeight: number): Readonly<Record<string, number>> {
  const segments = avgFactor.size;
  const avgFactorEps = segments === 1 ? AVG_FACTOR_EPS : 0;
  return { segments, avgFactorEps, scale: lossWeight / segments };
}

/** Records the second stage of a sum: partials float32 [avgFactor.size · count] → the loss. */
export function finishLoss(partials: Tensor, avgFactor: Tensor, lossWeight: number): Scalar {
  const loss = emptyTensor<Scalar>([]);
  const count = partials.size / avgFactor.size;
  runKernel(
    finishKernel,
    [partials, avgFactor, loss],
    { ...division(avgFactor, lossWeight), count },
    [1, 1, 1],
  );
  return loss;
}

/** What the kernels of a loss get besides its tensors. */
export interface LossNumbers {
  /** The term's own parameters. */
  readonly params: Readonly<Record<string, number>>;
  /** Number of terms. */
  readonly count: number;
  readonly lossWeight: number;
}

type Attributes = Readonly<Record<string, number>> &
  Readonly<Record<'count' | 'lossWeight', number>>;
type LossOp = (inputs: Readonly<Record<string, Tensor>>, attributes: Attributes) => Tensor;

const ops = new Map<string, LossOp>();

/** The op of a term on the tape, registered at its first use. */
function opOf(term: LossTerm): LossOp {
  const known = ops.get(term.name);
  if (known !== undefined) return known;
  const names = term.inputs.map(({ name }) => name);
  const [prediction] = names;
  if (prediction === undefined) throw new Error(`reduceLoss: ${term.name} has no inputs`);
  const op = defineOp<string, Attributes>({
    name: `Loss_${term.name}`,
    save: [...names, 'avgFactor'],
    forward(inputs, { count, lossWeight, ...params }) {
      const { avgFactor } = inputs;
      const tensors = names.flatMap((name) => inputs[name] ?? []);
      if (avgFactor === undefined) throw new Error(`${term.name}: avgFactor is missing`);
      const segmentCount = count / avgFactor.size;
      const groups = partialSums(segmentCount);
      const partials = emptyTensor([avgFactor.size, groups]);
      runKernel(sumKernel(term), [...tensors, partials], { ...params, segmentCount }, [
        groups,
        avgFactor.size,
        1,
      ]);
      return finishLoss(partials, avgFactor, lossWeight);
    },
    gradient: (dy, saved, { count, lossWeight, ...params }) => ({
      [prediction]() {
        const [pred] = saved;
        const avgFactor = saved.at(-1);
        if (pred === undefined || avgFactor === undefined) {
          throw new Error(`${term.name}: saved tensors are missing`);
        }
        const grad = emptyTensor(pred.shape);
        const { workgroups, rowSize } = foldWorkgroups(count, LOSS_WORKGROUP_SIZE);
        const segmentCount = count / avgFactor.size;
        runKernel(
          gradKernel(term),
          [...saved, dy, grad],
          { ...params, ...division(avgFactor, lossWeight), segmentCount, count, rowSize },
          workgroups,
        );
        return grad;
      },
    }),
  });
  ops.set(term.name, op);
  return op;
}

/**
 * Records a loss: Σ value / (avgFactor + ε) · lossWeight (MMDetection `weight_reduce_loss`), or with one factor per
 * image the mean of the images' own quotients. Two dispatches, one for the gradient, which is by the term's first input
 * alone and reads the upstream scalar on the GPU. Deterministic: no atomics, and the same additions in the same order
 * for the same shape.
 *
 * @param tensors the term's inputs, in order
 * @param avgFactor float32 [1], or [B] with the terms image by image, see {@link requireAvgFactor}
 */
export function reduceLoss(
  term: LossTerm,
  tensors: readonly Tensor[],
  avgFactor: Tensor,
  { params, count, lossWeight }: LossNumbers,
): Scalar {
  if (tensors.length !== term.inputs.length) {
    throw new Error(
      `reduceLoss: ${term.name} has ${term.inputs.length} inputs, ${tensors.length} given`,
    );
  }
  const inputs: Record<string, Tensor> = { avgFactor };
  for (const [index, tensor] of tensors.entries()) inputs[term.inputs[index]?.name ?? ''] = tensor;
  return opOf(term)(inputs, { ...params, count, lossWeight }).asScalar();
}

/**
 * Records the unreduced loss, value · lossWeight (MMDetection's reduction `none`). One dispatch; no gradient.
 *
 * @returns float32 of `shape`
 */
export function lossElements(
  term: LossTerm,
  tensors: readonly Tensor[],
  { params, count, lossWeight }: LossNumbers,
  shape: readonly number[],
): Tensor {
  const values = emptyTensor(shape);
  const { workgroups, rowSize } = foldWorkgroups(count, LOSS_WORKGROUP_SIZE);
  runKernel(
    elementsKernel(term),
    [...tensors, values],
    { ...params, lossWeight, count, rowSize },
    workgroups,
  );
  return values;
}
