import { emptyTensor, runKernel } from '../../tensor/kernel.ts';
import type { Kernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor1D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';

/** What is counted of each image, and how. */
interface Counting {
  /** Whether negatives are counted too; `numNeg` is bound then. */
  readonly negatives: boolean;
  /** Whether each image has its own factor. */
  readonly perImage: boolean;
}

/**
 * Buffers: numPos i32 [B], numNeg i32 [B] with `negatives` → factor f32 [1], or [B] with `perImage`. An image counts
 * max(numPos, floor), plus max(numNeg, floor); a factor is at least `atLeast`. One invocation takes all images in order: a
 * batch is a handful of them. The sum is done in integers, so it is exact.
 */
function avgFactorKernel({ negatives, perImage }: Counting): Kernel {
  const numNeg = { name: 'numNeg', type: 'i32', access: 'read' } as const;
  return {
    name: 'avg_factor',
    buffers: [
      { name: 'numPos', type: 'i32', access: 'read' },
      ...(negatives ? [numNeg] : []),
      { name: 'factor', type: 'f32', access: 'write' },
    ],
    params: [
      { name: 'images', type: 'u32' },
      { name: 'floor', type: 'i32' },
      { name: 'atLeast', type: 'i32' },
    ],
    body: /* wgsl */ `
const PER_IMAGE = ${perImage};
@compute @workgroup_size(1, 1, 1)
fn main() {
  var sum = 0;
  for (var image = 0u; image < params.images; image++) {
    if (PER_IMAGE) { sum = 0; }
    sum += max(numPos[image], params.floor);
    ${negatives ? 'sum += max(numNeg[image], params.floor);' : ''}
    factor[select(0u, image, PER_IMAGE)] = f32(max(sum, params.atLeast));
  }
}`,
  };
}

interface CountingOptions {
  /** The least that an image counts, of each kind. */
  readonly floor: number;
  readonly atLeast?: number;
  readonly perImage?: boolean;
}

function factorOf(
  op: string,
  numPos: Tensor,
  numNeg: Tensor | null,
  { floor, atLeast = 0, perImage = false }: CountingOptions,
): Tensor1D {
  requireTensor(op, 'numPos', numPos, 'int32', [null]);
  const images = side(op, 'numPos', numPos, 0);
  if (numNeg !== null) requireTensor(op, 'numNeg', numNeg, 'int32', [images]);
  const factor = emptyTensor<Tensor1D>([perImage ? images : 1]);
  runKernel(
    avgFactorKernel({ negatives: numNeg !== null, perImage }),
    [numPos, ...(numNeg === null ? [] : [numNeg]), factor],
    { images, floor, atLeast },
    [1, 1, 1],
  );
  return factor;
}

/**
 * What RetinaNet's losses of all levels are divided by: Σ over images of max(positives, 1) (MMDetection 3.x,
 * `SamplingResult.avg_factor` with `PseudoSampler`). No gradient.
 *
 * @param numPos int32 [B]
 * @returns float32 [1]
 */
export function avgFactor(numPos: Tensor): Tensor1D {
  return factorOf('avgFactor', numPos, null, { floor: 1 });
}

/**
 * What both losses of an RPN are divided by: Σ over images of max(positives, 1) + max(negatives, 1), of those sampled
 * (MMDetection 3.x, `SamplingResult.avg_factor`). No gradient.
 *
 * @param numPos int32 [B]
 * @param numNeg int32 [B]
 * @returns float32 [1]
 */
export function samplingAvgFactor(numPos: Tensor, numNeg: Tensor): Tensor1D {
  return factorOf('samplingAvgFactor', numPos, numNeg, { floor: 1 });
}

/**
 * How many samples there are in the batch, positive and negative. MMDetection's R-CNN divides its box loss by it, and its
 * classification loss with `atLeast` 1; torchvision both of its losses, and those of its RPN. No gradient.
 *
 * @param numPos int32 [B]
 * @param numNeg int32 [B]
 * @param atLeast least result, a whole number; default 0
 * @returns float32 [1]
 */
export function sampledCount(numPos: Tensor, numNeg: Tensor, atLeast = 0): Tensor1D {
  return factorOf('sampledCount', numPos, numNeg, { floor: 0, atLeast });
}

/**
 * What the losses of each image of torchvision's RetinaNet are divided by, before their mean: max(positives, 1). No
 * gradient.
 *
 * @param numPos int32 [B]
 * @returns float32 [B]
 */
export function avgFactorPerImage(numPos: Tensor): Tensor1D {
  return factorOf('avgFactorPerImage', numPos, null, { floor: 1, perImage: true });
}
