import type { Kernel } from '../../tensor/kernel.ts';
import { ENCODE_BOX, STATISTICS, STATISTICS_WGSL } from '../delta-coder/delta-coder.wgsl.ts';

export const WORKGROUP_SIZE = 64;

/**
 * Boxes, labels and regression targets of the drawn RoIs (BBoxHead.get_targets and bbox2roi of MMDetection).
 * Buffers: proposals xyxy [B, P], gtBoxes xyxy [B, G], gtLabels i32 [B, G], scratch u32 [B, C + 2S] (see
 * `selectRoisKernel`) → rois f32 [B · S, 5] (image, x1, y1, x2, y2), labels i32 [B · S], matchedGt i32 [B · S],
 * deltaTargets vec4 [B · S].
 * One invocation per slot; one pass. An empty slot gets a RoI of zeros, label −1 and match −2.
 */
export const roiTargetsKernel: Kernel = {
  name: 'roi_targets',
  buffers: [
    { name: 'proposals', type: 'vec4<f32>', access: 'read' },
    { name: 'gtBoxes', type: 'vec4<f32>', access: 'read' },
    { name: 'gtLabels', type: 'i32', access: 'read' },
    { name: 'scratch', type: 'u32', access: 'read' },
    { name: 'rois', type: 'f32', access: 'write' },
    { name: 'labels', type: 'i32', access: 'write' },
    { name: 'matchedGt', type: 'i32', access: 'write' },
    { name: 'deltaTargets', type: 'vec4<f32>', access: 'write' },
  ],
  params: [
    ...STATISTICS,
    { name: 'proposalRows', type: 'u32' },
    { name: 'gtRows', type: 'u32' },
    { name: 'candidates', type: 'u32' },
    { name: 'slots', type: 'u32' },
    { name: 'background', type: 'i32' },
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
  ],
  body: /* wgsl */ `${STATISTICS_WGSL}${ENCODE_BOX}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let image = index / params.slots;
  let at = image * (params.candidates + 2u * params.slots) + params.candidates
    + 2u * (index % params.slots);
  let gt = bitcast<i32>(scratch[at + 1u]);
  var label = -1;
  var number = 0.0;
  var box = vec4<f32>(0.0);
  var deltas = vec4<f32>(0.0);
  if (gt >= -1) {
    let source = bitcast<i32>(scratch[at]);
    number = f32(image);
    if (source >= 0) {
      box = proposals[image * params.proposalRows + u32(source)];
    } else {
      box = gtBoxes[image * params.gtRows + u32(~source)];
    }
    label = params.background;
    if (gt >= 0) {
      let row = image * params.gtRows + u32(gt);
      label = gtLabels[row];
      deltas = encodeBox(box, gtBoxes[row]);
    }
  }
  rois[5u * index] = number;
  for (var side = 0u; side < 4u; side++) { rois[5u * index + 1u + side] = box[side]; }
  labels[index] = label;
  matchedGt[index] = gt;
  deltaTargets[index] = deltas;
}`,
};
