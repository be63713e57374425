import type { Kernel } from '../../tensor/kernel.ts';

export const WORKGROUP_SIZE = 64;

/**
 * Each image's ground truths behind its proposals (torchvision `RoIHeads.add_gt_proposals`).
 * Buffers: proposals xyxy [B, P], proposalCounts i32 [B], gtBoxes xyxy [B, G], gtCounts i32 [B] → boxes xyxy [B, P + G],
 * counts i32 [B]. One invocation per image and row; one pass. Rows behind the count get zeros.
 */
export const concatProposalsKernel: Kernel = {
  name: 'concat_proposals',
  buffers: [
    { name: 'proposals', type: 'vec4<f32>', access: 'read' },
    { name: 'proposalCounts', type: 'i32', access: 'read' },
    { name: 'gtBoxes', type: 'vec4<f32>', access: 'read' },
    { name: 'gtCounts', type: 'i32', access: 'read' },
    { name: 'boxes', type: 'vec4<f32>', access: 'write' },
    { name: 'counts', type: 'i32', access: 'write' },
  ],
  params: [
    { name: 'proposalRows', type: 'u32' },
    { name: 'gtRows', type: 'u32' },
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let rows = params.proposalRows + params.gtRows;
  let image = index / rows;
  let row = index % rows;
  let own = min(u32(max(proposalCounts[image], 0)), params.proposalRows);
  let all = own + min(u32(max(gtCounts[image], 0)), params.gtRows);
  var box = vec4<f32>(0.0);
  if (row < own) {
    box = proposals[image * params.proposalRows + row];
  } else if (row < all) {
    box = gtBoxes[image * params.gtRows + row - own];
  }
  boxes[index] = box;
  if (row == 0u) { counts[image] = i32(all); }
}`,
};
