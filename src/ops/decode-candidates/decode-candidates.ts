import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor2D, Tensor3D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { boxDecoding } from '../box-decoder/box-decoder.ts';
import type { BoxDecoder } from '../box-decoder/box-decoder.ts';
import type { Candidates } from '../keep-best/keep-best.ts';
import { WORKGROUP_SIZE, decodeCandidatesKernel } from './decode-candidates.wgsl.ts';

/** Which candidates stay, and what they are given as. */
export interface DecodeRules {
  /** Scores below it are dropped. */
  readonly minScore: number;
  /** Shortest side, in pixels of the result; below 0: any. */
  readonly minSize: number;
  /** Whether a side of exactly `minSize` stays. */
  readonly keepMinSize: boolean;
  /** What a candidate's label is: its class, or the level of its slot. */
  readonly label: 'class' | 'level';
}

export interface DecodeCandidatesInput {
  /** Name of the op that asks, for its errors. */
  readonly op: string;
  /** int32 [B, C]: prior · K + class, −1 for none. Taken over: becomes the labels. */
  readonly elements: Tensor2D;
  /** float32 [B, C]. Taken over: becomes the final scores. */
  readonly scores: Tensor2D;
  readonly numClasses: number;
  /** float32 [N, 4] anchors for all images, [B, N, 4] for each, or [N, 2] points for distances. */
  readonly priors: Tensor;
  /** float32 [B, N, D · 4]. D = 1: one prediction for all classes. */
  readonly predictions: Tensor;
  /** With D above 1, class c has prediction c + this. */
  readonly predictionOffset: number;
  /** float32 [B, N, 1]: logits whose sigmoids multiply the scores; null: none. */
  readonly scoreFactors: Tensor | null;
  /** float32 or int32 [B, 2]: height and width of each image after resizing, without padding. */
  readonly imgShapes: Tensor;
  /** float32 [B, 2]: (width, height) of the resized over the original image; null leaves boxes in input pixels. */
  readonly scaleFactors: Tensor | null;
  readonly decoder: BoxDecoder;
  readonly rules: DecodeRules;
  /** Slots of each level, in order; they add up to C. */
  readonly slotsPerLevel: readonly number[];
}

/** Decodes, clips, rescales and filters selected candidates. One dispatch. */
export function decodeCandidates(input: DecodeCandidatesInput): Candidates {
  const { op, elements, scores, priors, predictions, imgShapes, scaleFactors } = input;
  const { scoreFactors, decoder, slotsPerLevel, rules, numClasses } = input;
  const [batch, slots] = elements.shape;
  const priorCount = side(op, 'predictions', predictions, 1);
  const ownPriors = priors.shape.length === 3;
  requireTensor(op, 'anchors', priors, 'float32', [
    ...(ownPriors ? [batch] : []),
    priorCount,
    decoder.type === 'distance' ? 2 : 4,
  ]);
  const shapesType = imgShapes.dtype === 'int32' ? 'int32' : 'float32';
  requireTensor(op, 'imgShapes', imgShapes, shapesType, [batch, 2]);
  if (scaleFactors !== null) {
    requireTensor(op, 'scaleFactors', scaleFactors, 'float32', [batch, 2]);
  }
  if (scoreFactors !== null) {
    requireTensor(op, 'scoreFactors', scoreFactors, 'float32', [batch, priorCount, 1]);
  }
  const { spec, params } = boxDecoding(op, decoder);
  const boxes = emptyTensor<Tensor3D>([batch, slots, 4]);
  const { workgroups, rowSize } = foldWorkgroups(elements.size, WORKGROUP_SIZE);
  const given = [scaleFactors, scoreFactors].filter((tensor) => tensor !== null);
  runKernel(
    decodeCandidatesKernel({
      decoder: spec,
      ownPriors,
      shapesType: shapesType === 'int32' ? 'i32' : 'f32',
      rescale: scaleFactors !== null,
      scoreFactors: scoreFactors !== null,
      label: rules.label,
      keepMinSize: rules.keepMinSize,
      levels: slotsPerLevel.length,
    }),
    [elements, scores, priors, predictions, imgShapes, ...given, boxes],
    {
      ...params,
      ...slotEnds(slotsPerLevel),
      minSize: rules.minSize,
      minScore: rules.minScore,
      priorCount,
      numClasses,
      predictionsPerPrior: side(op, 'predictions', predictions, 2) / 4,
      predictionOffset: input.predictionOffset,
      slots,
      count: elements.size,
      rowSize,
    },
    workgroups,
  );
  return { boxes, scores, labels: elements };
}

function slotEnds(slotsPerLevel: readonly number[]): Record<string, number> {
  let end = 0;
  return Object.fromEntries(
    slotsPerLevel.map((slots, level) => {
      end += slots;
      return [`slotEnd${level}`, end];
    }),
  );
}
