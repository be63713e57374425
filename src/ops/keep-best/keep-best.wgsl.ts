import type { Kernel } from '../../tensor/kernel.ts';

export const WORKGROUP_SIZE = 64;

/** What may change the text of {@link gatherKeptKernel}. */
export interface GatherKeptSpec {
  /** Scores are packed too; not where NMS has given new ones. */
  readonly scores: boolean;
  /** Scale factors are bound, and the packed boxes are given in the original image. */
  readonly rescale: boolean;
}

/**
 * The kept candidates, packed. Buffers: keep i32 [B, M] (slot or −1), boxes xyxy [B, C], labels i32 [B, C], scores f32
 * [B, C] (only with `scores`), scaleFactors f32 [B, 2] (width, height; only with `rescale`) → keptBoxes xyxy [B, M],
 * keptLabels i32 [B, M], keptScores f32 [B, M] (only with `scores`); 0, −1 and 0 behind the last one.
 * One invocation per place; one pass.
 */
export function gatherKeptKernel({ scores, rescale }: GatherKeptSpec): Kernel {
  return {
    name: 'gather_kept',
    buffers: [
      { name: 'keep', type: 'i32', access: 'read' },
      { name: 'boxes', type: 'vec4<f32>', access: 'read' },
      { name: 'labels', type: 'i32', access: 'read' },
      ...(scores ? [{ name: 'scores', type: 'f32', access: 'read' } as const] : []),
      ...(rescale ? [{ name: 'scaleFactors', type: 'f32', access: 'read' } as const] : []),
      { name: 'keptBoxes', type: 'vec4<f32>', access: 'write' },
      { name: 'keptLabels', type: 'i32', access: 'write' },
      ...(scores ? [{ name: 'keptScores', type: 'f32', access: 'write' } as const] : []),
    ],
    params: [
      { name: 'slots', type: 'u32' },
      { name: 'maxPerImage', type: 'u32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
    ],
    body: /* wgsl */ `
fn inverseScale(image: u32) -> vec2<f32> {
  return ${rescale ? '1.0 / vec2<f32>(scaleFactors[2u * image], scaleFactors[2u * image + 1u])' : 'vec2<f32>(1.0)'};
}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let slot = keep[index];
  let image = index / params.maxPerImage;
  let source = image * params.slots + u32(max(slot, 0));
  let scale = inverseScale(image);
  keptBoxes[index] = select(boxes[source] * vec4<f32>(scale, scale), vec4<f32>(0.0), slot < 0);
  keptLabels[index] = select(labels[source], -1, slot < 0);
  ${scores ? 'keptScores[index] = select(scores[source], 0.0, slot < 0);' : ''}
}`,
  };
}
