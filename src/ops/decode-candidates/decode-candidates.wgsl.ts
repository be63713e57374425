import type { Kernel } from '../../tensor/kernel.ts';
import { IS_NAN } from '../box-iou/iou.wgsl.ts';
import { boxDecoder, decoderParams, priorsBuffer } from '../box-decoder/box-decoder.wgsl.ts';
import type { BoxDecoderSpec } from '../box-decoder/box-decoder.wgsl.ts';

export const WORKGROUP_SIZE = 64;

/** What may change the text of {@link decodeCandidatesKernel}. */
export interface DecodeCandidatesSpec {
  readonly decoder: BoxDecoderSpec;
  /** Priors are [B, N], not [N] for all images. */
  readonly ownPriors: boolean;
  readonly shapesType: 'f32' | 'i32';
  /** Scale factors are bound, and boxes are given in the original image. */
  readonly rescale: boolean;
  /** A logit per prior is bound, whose sigmoid multiplies the score (centerness). */
  readonly scoreFactors: boolean;
  /** A candidate's label: its class, or its level. */
  readonly label: 'class' | 'level';
  /** Whether a side of exactly minSize is enough (torchvision) or not (MMDetection). */
  readonly keepMinSize: boolean;
  readonly levels: number;
}

/**
 * Boxes, scores and labels of the selected (prior, class) pairs (MMDetection 3.x `_bbox_post_process`, torchvision's
 * `filter_proposals` and `postprocess_detections`, up to NMS): decode, clip to the image, rescale by 1 / scale factor, and drop what is too small or
 * scored below minScore.
 * Buffers: labels i32 [B, C] (holds prior · K + class, −1 for none), scores f32 [B, C], priors [N] or
 * [B, N], predictions vec4 [B, N, D],
 * imgShapes f32 or i32 [B, 2] (height, width), scaleFactors f32 [B, 2] (width, height; only with `rescale`),
 * scoreFactors f32 [B, N] (only with `scoreFactors`) → boxes xyxy [B, C], and in their places scores and labels: 0, 0
 * and −1 for a slot that is empty or dropped. In place, as eight buffers are all that some devices can bind.
 * One invocation per slot; one pass. D = 1: one prediction for all classes; else class c has number c + predictionOffset.
 * minSize below 0 drops nothing. Level l has the slots up to slotEnd_l.
 */
export function decodeCandidatesKernel(spec: DecodeCandidatesSpec): Kernel {
  const { decoder, ownPriors, shapesType, rescale, scoreFactors, label, keepMinSize, levels } =
    spec;
  const slotEnds = Array.from({ length: levels }, (_, level) => `slotEnd${level}`);
  return {
    name: 'decode_candidates',
    buffers: [
      { name: 'labels', type: 'i32', access: 'write' },
      { name: 'scores', type: 'f32', access: 'write' },
      priorsBuffer(decoder),
      { name: 'predictions', type: 'vec4<f32>', access: 'read' },
      { name: 'imgShapes', type: shapesType, access: 'read' },
      ...(rescale ? [{ name: 'scaleFactors', type: 'f32', access: 'read' } as const] : []),
      ...(scoreFactors ? [{ name: 'scoreFactors', type: 'f32', access: 'read' } as const] : []),
      { name: 'boxes', type: 'vec4<f32>', access: 'write' },
    ],
    params: [
      ...decoderParams(decoder),
      { name: 'minSize', type: 'f32' },
      { name: 'minScore', type: 'f32' },
      { name: 'priorCount', type: 'u32' },
      { name: 'numClasses', type: 'u32' },
      { name: 'predictionsPerPrior', type: 'u32' },
      { name: 'predictionOffset', type: 'u32' },
      { name: 'slots', type: 'u32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
      ...slotEnds.map((name) => ({ name, type: 'u32' }) as const),
    ],
    body: /* wgsl */ `${IS_NAN}${boxDecoder(decoder)}
fn inverseScale(image: u32) -> vec2<f32> {
  return ${rescale ? '1.0 / vec2<f32>(scaleFactors[2u * image], scaleFactors[2u * image + 1u])' : 'vec2<f32>(1.0)'};
}
fn factorOf(prior: u32) -> f32 {
  return ${scoreFactors ? '1.0 / (1.0 + exp(min(-scoreFactors[prior], 88.0)))' : '1.0'};
}
fn labelOf(slot: u32, element: u32) -> i32 {
  return i32(${
    label === 'class'
      ? 'element % params.numClasses'
      : slotEnds.map((end) => `select(0u, 1u, slot >= params.${end})`).join(' + ')
  });
}
fn isLargeEnough(size: vec2<f32>) -> bool {
  return params.minSize < 0.0 || ${
    keepMinSize
      ? '(size.x >= params.minSize && size.y >= params.minSize)'
      : '(size.x > params.minSize && size.y > params.minSize)'
  };
}

@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let image = index / params.slots;
  let selected = labels[index];
  let element = u32(max(selected, 0));
  let prior = element / params.numClasses;
  let row = image * params.priorCount + prior;
  let height = f32(imgShapes[2u * image]);
  let width = f32(imgShapes[2u * image + 1u]);
  let scale = inverseScale(image);
  let ofClass = element % params.numClasses + params.predictionOffset;
  let prediction = predictions[
    row * params.predictionsPerPrior + select(ofClass, 0u, params.predictionsPerPrior == 1u)];
  let box = decodePrior(${ownPriors ? 'row' : 'prior'}, prediction, height, width) * vec4<f32>(scale, scale);
  let score = scores[index] * factorOf(row);
  let stays = selected >= 0 && isLargeEnough(box.zw - box.xy) && score >= params.minScore;
  boxes[index] = select(vec4<f32>(0.0), box, stays);
  scores[index] = select(0.0, score, stays);
  labels[index] = select(-1, labelOf(index - image * params.slots, element), stays);
}`,
  };
}
