import type { Kernel } from '../../tensor/kernel.ts';
import { BOX_INTERSECTION, BOX_IOF, IS_NAN } from '../box-iou/iou.wgsl.ts';
import { WORKGROUP_SIZE, takesPart } from './max-iou-assign.wgsl.ts';
import type { AnchorSpec } from './max-iou-assign.wgsl.ts';

/** What may change the text of {@link ignoredAnchorsKernel}. */
export interface IgnoreSpec extends AnchorSpec {
  /** Whether the shared area is measured against the anchor's or the ignore box's. */
  readonly wrtCandidates: boolean;
}

/**
 * Leaves out the anchors that lie on an ignore box (MaxIoUAssigner, step 0).
 * Buffers: anchors xyxy [N] or [B, N], valid i32 [B, N] or [B], gtCounts i32 [B], ignoreBoxes xyxy [B, I], ignoreCounts
 * i32 [B] → remaining i32 [B, N], 1 where the anchor still takes part.
 * One invocation per image and anchor; one pass.
 * MMDetection sets an ignored anchor's IoUs to −1, which is what an anchor has that is not valid: so here it becomes
 * one. Only in an image without ground truths nobody looks at the IoUs, and it stays background. NaN ignores nothing.
 */
export function ignoredAnchorsKernel(spec: IgnoreSpec): Kernel {
  return {
    name: 'match_ignore',
    buffers: [
      { name: 'anchors', type: 'vec4<f32>', access: 'read' },
      { name: 'valid', type: 'i32', access: 'read' },
      { name: 'gtCounts', type: 'i32', access: 'read' },
      { name: 'ignoreBoxes', type: 'vec4<f32>', access: 'read' },
      { name: 'ignoreCounts', type: 'i32', access: 'read' },
      { name: 'remaining', type: 'i32', access: 'write' },
    ],
    params: [
      { name: 'anchorCount', type: 'u32' },
      { name: 'ignoreRows', type: 'u32' },
      { name: 'ignoreIof', type: 'f32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
    ],
    body: /* wgsl */ `${IS_NAN}${BOX_INTERSECTION}${BOX_IOF}${takesPart(spec)}
const SHARED_ANCHORS = ${spec.sharedAnchors};
const WRT_CANDIDATES = ${spec.wrtCandidates};

@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let image = index / params.anchorCount;
  let anchor = index % params.anchorCount;
  let box = anchors[select(index, anchor, SHARED_ANCHORS)];
  var remains = takesPart(image, anchor, index);
  let ignoreCount = min(u32(max(ignoreCounts[image], 0)), params.ignoreRows);
  if (gtCounts[image] > 0 && !anyNan(box)) {
    for (var row = 0u; row < ignoreCount; row++) {
      let other = ignoreBoxes[image * params.ignoreRows + row];
      var iof = 0.0;
      if (WRT_CANDIDATES) { iof = boxIof(box, other); } else { iof = boxIof(other, box); }
      remains = remains && (anyNan(other) || isNan(iof) || !(iof > params.ignoreIof));
    }
  }
  remaining[index] = select(0, 1, remains);
}`,
  };
}
