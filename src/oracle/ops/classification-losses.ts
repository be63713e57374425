import {
  binaryCrossEntropyLoss,
  binaryCrossEntropyLossElements,
} from '../../ops/cross-entropy-loss/binary-cross-entropy-loss.ts';
import { binaryCrossEntropyReference } from '../../ops/cross-entropy-loss/binary-cross-entropy-loss.reference.ts';
import {
  softmaxCrossEntropyLoss,
  softmaxCrossEntropyLossElements,
} from '../../ops/cross-entropy-loss/softmax-cross-entropy-loss.ts';
import { softmaxCrossEntropyReference } from '../../ops/cross-entropy-loss/softmax-cross-entropy-loss.reference.ts';
import { focalTermsReference } from '../../ops/focal-loss/sigmoid-focal-loss.reference.ts';
import {
  sigmoidFocalLoss,
  sigmoidFocalLossElements,
} from '../../ops/focal-loss/sigmoid-focal-loss.ts';
import { sigmoidCrossEntropyLoss } from '../../ops/cross-entropy-loss/sigmoid-cross-entropy-loss.ts';
import { sigmoidCrossEntropyReference } from '../../ops/cross-entropy-loss/sigmoid-cross-entropy-loss.reference.ts';
import { floats, ints } from '../on-gpu.ts';
import type { Twin } from '../oracle-case.ts';
import { lossOnGpu, lossOfTerms } from './loss-result.ts';
import type { LossResult } from './loss-result.ts';

export interface FocalInput {
  /** [rows, numClasses] */
  readonly logits: readonly number[];
  readonly numClasses: number;
  /** A class per row (numClasses: background, −1: no weight), or a target per logit, 0 or 1. */
  readonly labels: readonly number[] | null;
  readonly targets: readonly number[] | null;
  readonly alpha: number;
  readonly gamma: number;
  readonly avgFactor: number;
  readonly lossWeight?: number;
}

export const focalTwin: Twin<FocalInput, LossResult> = {
  webgpu({ logits, numClasses, labels, targets, avgFactor, ...options }) {
    const rows = logits.length / numClasses;
    const goal = () =>
      labels === null ? floats(targets ?? [], [1, rows, numClasses]) : ints(labels, [1, rows]);
    return lossOnGpu({
      prediction: logits,
      shape: [1, rows, numClasses],
      avgFactor,
      loss: (x, factor) => sigmoidFocalLoss(x, goal(), factor, options),
      elements: (x) => sigmoidFocalLossElements(x, goal(), options),
    });
  },
  reference({ logits, numClasses, labels, targets, avgFactor, lossWeight, ...options }) {
    // A matrix of targets is a row of one class for every logit.
    const terms =
      labels === null
        ? focalTermsReference(
            logits,
            (targets ?? []).map((target) => 1 - target),
            1,
            options,
          )
        : focalTermsReference(logits, labels, numClasses, options);
    return lossOfTerms(terms, avgFactor, lossWeight);
  },
};

export interface SoftmaxInput {
  /** [labels.length, C] */
  readonly logits: readonly number[];
  /** A negative one has no weight. */
  readonly labels: readonly number[];
  readonly classWeight: readonly number[] | null;
  readonly avgFactor: number;
  readonly lossWeight?: number;
}

function softmaxOptions({ classWeight, lossWeight }: SoftmaxInput) {
  return {
    ...(classWeight === null ? {} : { classWeight }),
    ...(lossWeight === undefined ? {} : { lossWeight }),
  };
}

export const softmaxTwin: Twin<SoftmaxInput, LossResult> = {
  webgpu(input) {
    const { logits, labels, avgFactor } = input;
    const options = softmaxOptions(input);
    const goal = () => ints(labels, [labels.length]);
    return lossOnGpu({
      prediction: logits,
      shape: [labels.length, logits.length / labels.length],
      avgFactor,
      loss: (x, factor) => softmaxCrossEntropyLoss(x, goal(), factor, options),
      elements: (x) => softmaxCrossEntropyLossElements(x, goal(), options),
    });
  },
  reference(input) {
    const { logits, labels, classWeight, avgFactor, lossWeight } = input;
    const options = classWeight === null ? {} : { classWeight };
    return lossOfTerms(
      softmaxCrossEntropyReference(logits, labels, options),
      avgFactor,
      lossWeight,
    );
  },
};

export interface SigmoidInput {
  /** [labels.length, C] */
  readonly logits: readonly number[];
  /** A class per row; C is background, a negative one has no weight. */
  readonly labels: readonly number[];
  readonly avgFactor: number;
  readonly lossWeight?: number;
}

/** Cross entropy of every class on its own; its op has no unreduced form. */
export const sigmoidTwin: Twin<SigmoidInput, LossResult> = {
  webgpu({ logits, labels, avgFactor, lossWeight = 1 }) {
    const rows = labels.length;
    return lossOnGpu({
      prediction: logits,
      shape: [1, rows, logits.length / rows],
      avgFactor,
      loss: (x, factor) =>
        sigmoidCrossEntropyLoss(x, ints(labels, [1, rows]), factor, { lossWeight }),
    });
  },
  reference: ({ logits, labels, avgFactor, lossWeight }) =>
    lossOfTerms(
      sigmoidCrossEntropyReference(logits, labels, logits.length / labels.length),
      avgFactor,
      lossWeight,
    ),
};

export interface BinaryInput {
  readonly logits: readonly number[];
  /** 0 … 1 per logit. */
  readonly targets: readonly number[];
  /** 0 or 1 per logit; absent: all 1. */
  readonly weights?: readonly number[];
  readonly avgFactor: number;
  readonly lossWeight?: number;
}

/** What has no weight is marked by a negative assignment. */
function assignedOf({ logits, weights }: BinaryInput): number[] {
  return logits.map((_, index) => ((weights?.[index] ?? 1) === 0 ? -1 : 0));
}

export const binaryTwin: Twin<BinaryInput, LossResult> = {
  webgpu(input) {
    const { logits, targets, avgFactor, lossWeight = 1 } = input;
    const shape = [1, logits.length];
    const others = () => [floats(targets, shape), ints(assignedOf(input), shape)] as const;
    return lossOnGpu({
      prediction: logits,
      shape,
      avgFactor,
      loss: (x, factor) => binaryCrossEntropyLoss(x, ...others(), factor, { lossWeight }),
      elements: (x) => binaryCrossEntropyLossElements(x, ...others(), { lossWeight }),
    });
  },
  reference: (input) =>
    lossOfTerms(
      binaryCrossEntropyReference(input.logits, input.targets, assignedOf(input)),
      input.avgFactor,
      input.lossWeight,
    ),
};
