import type { Kernel } from '../../tensor/kernel.ts';
import { IS_NAN } from '../box-iou/iou.wgsl.ts';

export const WORKGROUP_SIZE = 64;

/**
 * Level of each RoI, by comparing its area with thresholds (see `areaThresholds`): a difference and a product are exact
 * to the last bit on every GPU, a square root and a logarithm are not.
 * Buffers: rois f32 [R, 5] (, present i32 [R]), levels i32 [R]. One invocation per RoI.
 *
 * @param thresholds their number, one less than the levels
 */
export function roiLevelsKernel(thresholds: number, hasPresent: boolean): Kernel {
  const each = Array.from({ length: thresholds }, (_, index) => index);
  return {
    name: 'roi_levels',
    buffers: [
      { name: 'rois', type: 'f32', access: 'read' },
      ...(hasPresent ? [{ name: 'present', type: 'i32', access: 'read' } as const] : []),
      { name: 'levels', type: 'i32', access: 'write' },
    ],
    params: [
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
      ...each.map((index) => ({ name: `threshold${index}`, type: 'f32' }) as const),
    ],
    body: /* wgsl */ `${IS_NAN}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let at = index * 5u;
  let width = rois[at + 3u] - rois[at + 1u];
  let height = rois[at + 4u] - rois[at + 2u];
  let area = width * height;
  var level = 0;
${each.map((index) => `  level += select(0, 1, area >= params.threshold${index});`).join('\n')}
  let absent = isNan(area) || area < 0.0${hasPresent ? ' || present[index] == 0' : ''};
  levels[index] = select(level, -1, absent);
}`,
  };
}
