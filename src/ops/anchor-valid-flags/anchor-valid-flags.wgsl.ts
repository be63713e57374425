import type { Kernel } from '../../tensor/kernel.ts';

export const WORKGROUP_SIZE = 64;

/**
 * Which anchors lie on a cell of the image (MMDetection `AnchorGenerator.valid_flags`): cell (y, x) is valid when
 * x < ceil(padWidth / strideX) and y < ceil(padHeight / strideY).
 * Buffers: padShapes i32 [B, 2] (height, width in pixels), flags i32 [B, N] (1 valid, 0 not).
 * One invocation per image and anchor; one pass. Integers only, so it is exact.
 * The level table is in the parameters, so one pipeline serves every input size.
 *
 * @param levels number of levels
 */
export function anchorValidFlagsKernel(levels: number): Kernel {
  const fields = ['start', 'width', 'perCell', 'strideX', 'strideY'];
  const steps = Array.from(
    { length: levels },
    (_, level) => `  if (anchor >= params.start${level}) {
    cell = vec4<u32>(params.start${level}, params.width${level}, params.strideX${level}, params.strideY${level});
    perCell = params.perCell${level};
  }`,
  );
  return {
    name: 'anchor_valid_flags',
    buffers: [
      { name: 'padShapes', type: 'i32', access: 'read' },
      { name: 'flags', type: 'i32', access: 'write' },
    ],
    params: [
      ...['anchors', 'count', 'rowSize'].map((name) => ({ name, type: 'u32' as const })),
      ...Array.from({ length: levels }, (_, level) =>
        fields.map((name) => ({ name: `${name}${level}`, type: 'u32' as const })),
      ).flat(),
    ],
    body: /* wgsl */ `
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let image = index / params.anchors;
  let anchor = index % params.anchors;
  var cell = vec4<u32>(0u, 1u, 1u, 1u);
  var perCell = 1u;
${steps.join('\n')}
  let position = (anchor - cell.x) / perCell;
  let x = i32(position % cell.y);
  let y = i32(position / cell.y);
  // x < ceil(w / s) is x·s < w in integers.
  let valid = x * i32(cell.z) < padShapes[2u * image + 1u] && y * i32(cell.w) < padShapes[2u * image];
  flags[index] = select(0, 1, valid);
}`,
  };
}
