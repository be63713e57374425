import type { Kernel } from '../../tensor/kernel.ts';

export const WORKGROUP_SIZE = 64;

/** Buffers: gtBoxes f32 [B, G, 4], matchedGt i32 [B·S] → boxes f32 [B·S, 4]. One invocation per slot. */
export const matchedBoxesKernel: Kernel = {
  name: 'matched_boxes',
  buffers: [
    { name: 'gtBoxes', type: 'vec4<f32>', access: 'read' },
    { name: 'matchedGt', type: 'i32', access: 'read' },
    { name: 'boxes', type: 'vec4<f32>', access: 'write' },
  ],
  params: [
    { name: 'gtRows', type: 'u32' },
    { name: 'perImage', type: 'u32' },
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let slot = id.x + id.y * params.rowSize;
  if (slot >= params.count) { return; }
  let gt = matchedGt[slot];
  if (gt < 0) {
    boxes[slot] = vec4<f32>(0.0);
    return;
  }
  boxes[slot] = gtBoxes[slot / params.perImage * params.gtRows + u32(gt)];
}`,
};
