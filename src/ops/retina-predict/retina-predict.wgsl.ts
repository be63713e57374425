import type { Kernel } from '../../tensor/kernel.ts';
import { IS_NAN } from '../box-iou/iou.wgsl.ts';
import { STATISTICS, STATISTICS_WGSL, decodeFunctions } from '../delta-coder/delta-coder.wgsl.ts';

export const WORKGROUP_SIZE = 64;

/** What may change the text of {@link candidatesKernel}. */
export interface CandidatesSpec {
  readonly shapesType: 'f32' | 'i32';
  /** Scale factors are bound, and boxes are given in the original image. */
  readonly rescale: boolean;
  readonly clipBorder: boolean;
  readonly addCtrClamp: boolean;
}

/**
 * Boxes and classes of the selected (anchor, class) pairs (MMDetection 3.x `BaseDenseHead._bbox_post_process` up to NMS):
 * decode, clip to the image, rescale by 1 / scale factor, and drop what is not larger than minBboxSize.
 * Buffers: elements i32 [B, C] (anchor · K + class, −1 for none), anchors xyxy [N], deltas vec4 [B, N], imgShapes f32 or
 * i32 [B, 2] (height, width), scaleFactors f32 [B, 2] (width, height; only with `rescale`) → boxes xyxy [B, C], labels
 * i32 [B, C] (−1 for a slot that is empty or dropped; its box is 0).
 * One invocation per slot; one pass. minBboxSize below 0 drops nothing.
 */
export function candidatesKernel(spec: CandidatesSpec): Kernel {
  const { shapesType, rescale, clipBorder, addCtrClamp } = spec;
  return {
    name: 'retina_candidates',
    buffers: [
      { name: 'elements', type: 'i32', access: 'read' },
      { name: 'anchors', type: 'vec4<f32>', access: 'read' },
      { name: 'deltas', type: 'vec4<f32>', access: 'read' },
      { name: 'imgShapes', type: shapesType, access: 'read' },
      ...(rescale ? [{ name: 'scaleFactors', type: 'f32', access: 'read' } as const] : []),
      { name: 'boxes', type: 'vec4<f32>', access: 'write' },
      { name: 'labels', type: 'i32', access: 'write' },
    ],
    params: [
      ...STATISTICS,
      { name: 'maxRatio', type: 'f32' },
      { name: 'ctrClamp', type: 'f32' },
      { name: 'minBboxSize', type: 'f32' },
      { name: 'anchorCount', type: 'u32' },
      { name: 'numClasses', type: 'u32' },
      { name: 'slots', type: 'u32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
    ],
    body: /* wgsl */ `${IS_NAN}${STATISTICS_WGSL}${decodeFunctions(addCtrClamp)}
const CLIP_BORDER = ${clipBorder};
fn inverseScale(image: u32) -> vec2<f32> {
  return ${rescale ? '1.0 / vec2<f32>(scaleFactors[2u * image], scaleFactors[2u * image + 1u])' : 'vec2<f32>(1.0)'};
}

@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let image = index / params.slots;
  let element = elements[index];
  let anchor = u32(max(element, 0)) / params.numClasses;
  let delta = deltas[image * params.anchorCount + anchor] * stds() + means();
  var box = decodeBox(anchors[anchor], delta, params.maxRatio, params.ctrClamp);
  let imageSize = vec2<f32>(f32(imgShapes[2u * image]), f32(imgShapes[2u * image + 1u]));
  if (CLIP_BORDER) { box = clipBox(box, imageSize.x, imageSize.y); }
  let scale = inverseScale(image);
  box *= vec4<f32>(scale, scale);
  let size = box.zw - box.xy;
  let tooSmall = !(size.x > params.minBboxSize && size.y > params.minBboxSize);
  let drop = element < 0 || (params.minBboxSize >= 0.0 && tooSmall);
  boxes[index] = select(box, vec4<f32>(0.0), drop);
  labels[index] = select(i32(u32(max(element, 0)) % params.numClasses), -1, drop);
}`,
  };
}

/**
 * The kept candidates, packed. Buffers: keep i32 [B, M] (slot or −1), boxes xyxy [B, C], scores f32 [B, C], labels i32
 * [B, C] → keptBoxes xyxy [B, M], keptScores f32 [B, M], keptLabels i32 [B, M]; 0, 0 and −1 behind the last one.
 * One invocation per place; one pass.
 */
export const gatherKeptKernel: Kernel = {
  name: 'retina_gather_kept',
  buffers: [
    { name: 'keep', type: 'i32', access: 'read' },
    { name: 'boxes', type: 'vec4<f32>', access: 'read' },
    { name: 'scores', type: 'f32', access: 'read' },
    { name: 'labels', type: 'i32', access: 'read' },
    { name: 'keptBoxes', type: 'vec4<f32>', access: 'write' },
    { name: 'keptScores', type: 'f32', access: 'write' },
    { name: 'keptLabels', type: 'i32', access: 'write' },
  ],
  params: [
    { name: 'slots', type: 'u32' },
    { name: 'maxPerImage', type: 'u32' },
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let slot = keep[index];
  let source = index / params.maxPerImage * params.slots + u32(max(slot, 0));
  keptBoxes[index] = select(boxes[source], vec4<f32>(0.0), slot < 0);
  keptScores[index] = select(scores[source], 0.0, slot < 0);
  keptLabels[index] = select(labels[source], -1, slot < 0);
}`,
};
