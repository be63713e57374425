import type { BufferSpec, Kernel } from '../../tensor/kernel.ts';
import { IS_NAN } from '../box-iou/iou.wgsl.ts';

export const WORKGROUP_SIZE = 64;

const INSIDE_BUFFERS: readonly BufferSpec[] = [
  { name: 'anchors', type: 'vec4<f32>', access: 'read' },
  { name: 'imgShapes', type: 'i32', access: 'read' },
];

const INSIDE = /* wgsl */ `
  let box = anchors[anchor];
  let size = vec2<f32>(f32(imgShapes[2u * image + 1u]), f32(imgShapes[2u * image]));
  valid = valid && !anyNan(box)
    && all(box.xy >= vec2<f32>(-params.border)) && all(box.zw < size + params.border);`;

/**
 * Which anchors lie on a cell of the image (MMDetection `AnchorGenerator.valid_flags`): cell (y, x) is valid when
 * x < ceil(padWidth / strideX) and y < ceil(padHeight / strideY).
 * Buffers: padShapes i32 [B, 2] (height, width in pixels), flags i32 [B, N] (1 valid, 0 not).
 * One invocation per image and anchor; one pass. Integers only, so it is exact.
 * The level table is in the parameters, so one pipeline serves every input size.
 * With `inside`, anchors xyxy [N] and imgShapes i32 [B, 2] are bound behind padShapes, and the anchor must also lie within
 * the image and a border around it (`anchor_inside_flags`): x1, y1 ≥ −border, x2 < width + border, y2 < height + border.
 * A NaN lies nowhere.
 *
 * @param levels number of levels
 */
export function anchorValidFlagsKernel(levels: number, inside: boolean): Kernel {
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
      ...(inside ? INSIDE_BUFFERS : []),
      { name: 'flags', type: 'i32', access: 'write' },
    ],
    params: [
      ...['anchors', 'count', 'rowSize'].map((name) => ({ name, type: 'u32' as const })),
      ...(inside ? [{ name: 'border', type: 'f32' as const }] : []),
      ...Array.from({ length: levels }, (_, level) =>
        fields.map((name) => ({ name: `${name}${level}`, type: 'u32' as const })),
      ).flat(),
    ],
    body: /* wgsl */ `${inside ? IS_NAN : ''}
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
  var valid = x * i32(cell.z) < padShapes[2u * image + 1u] && y * i32(cell.w) < padShapes[2u * image];
  ${inside ? INSIDE : ''}
  flags[index] = select(0, 1, valid);
}`,
  };
}
