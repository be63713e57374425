import type { Kernel } from '../../tensor/kernel.ts';

export const WORKGROUP_SIZE = 64;

/** Buffers: proposals f32 [B, P, 4], counts i32 [B] → rois f32 [B·P, 5], present i32 [B·P]. One invocation per slot. */
export const proposalRoisKernel: Kernel = {
  name: 'proposal_rois',
  buffers: [
    { name: 'proposals', type: 'f32', access: 'read' },
    { name: 'counts', type: 'i32', access: 'read' },
    { name: 'rois', type: 'f32', access: 'write' },
    { name: 'present', type: 'i32', access: 'write' },
  ],
  params: [
    { name: 'perImage', type: 'u32' },
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let slot = id.x + id.y * params.rowSize;
  if (slot >= params.count) { return; }
  let image = slot / params.perImage;
  let there = i32(slot % params.perImage) < counts[image];
  present[slot] = select(0, 1, there);
  rois[slot * 5u] = select(0.0, f32(image), there);
  for (var side = 0u; side < 4u; side++) {
    rois[slot * 5u + 1u + side] = select(0.0, proposals[slot * 4u + side], there);
  }
}`,
};
