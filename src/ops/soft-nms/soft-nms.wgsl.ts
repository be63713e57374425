import type { Kernel } from '../../tensor/kernel.ts';
import { BOX_INTERSECTION } from '../box-iou/iou.wgsl.ts';
import { boxKeys } from '../nms/nms.wgsl.ts';
import type { NmsSpec } from '../nms/nms.wgsl.ts';

const WORKGROUP_SIZE = 256;

/** What may change the text of {@link softNmsKernel}. */
export interface SoftNmsSpec extends NmsSpec {
  readonly method: 'linear' | 'gaussian' | 'naive';
}

const WEIGHTS = {
  naive: 'select(1.0, 0.0, iou >= params.iouThreshold)',
  linear: 'select(1.0, 1.0 - iou, iou >= params.iouThreshold)',
  gaussian: 'exp(-iou * iou / params.sigma)',
};

/**
 * Soft-NMS (Bodla et al. 2017, as mmcv's `softnms`): again and again the best box is taken and the scores of the others
 * are multiplied by a weight of their IoU with it; a box whose score falls below minScore is gone.
 * Buffers: boxes xyxy [B, N], scores f32 [B, N], classes i32 [B, N] (only with `classes`) → current f32 [B, N] (scratch:
 * scores as they decay, −3.4e38 for what is gone), keep i32 [B, M] (box numbers by descending score, then −1), keptScores
 * f32 [B, M] (0 there), counts i32 [B].
 * One workgroup per image, M rounds; each lane owns every 256th box, so that only the choice of the best needs barriers.
 * Weights are at most 1, so the first M taken are the M best. Ties: the lower index. The first box is taken whatever its
 * score, as in mmcv. Boxes that share no area have IoU 0, also where both have none and mmcv divides 0 by 0.
 */
export function softNmsKernel({ classes, apart, method }: SoftNmsSpec): Kernel {
  return {
    name: `soft_nms_${method}`,
    buffers: [
      { name: 'boxes', type: 'vec4<f32>', access: 'read' },
      { name: 'scores', type: 'f32', access: 'read' },
      ...(classes ? [{ name: 'classes', type: 'i32', access: 'read' } as const] : []),
      { name: 'current', type: 'f32', access: 'write' },
      { name: 'keep', type: 'i32', access: 'write' },
      { name: 'keptScores', type: 'f32', access: 'write' },
      { name: 'counts', type: 'i32', access: 'write' },
    ],
    params: [
      { name: 'boxCount', type: 'u32' },
      { name: 'maxOut', type: 'u32' },
      { name: 'iouThreshold', type: 'f32' },
      { name: 'sigma', type: 'f32' },
      { name: 'minScore', type: 'f32' },
    ],
    body: /* wgsl */ `${boxKeys(classes)}${BOX_INTERSECTION}
const SIZE = ${WORKGROUP_SIZE}u;
const APART = ${apart};
const NONE = 0xffffffffu;
var<workgroup> largest: array<f32, ${WORKGROUP_SIZE}>;
// Best of each lane: rank (0 for none) and number.
var<workgroup> best: array<vec2<u32>, ${WORKGROUP_SIZE}>;
var<workgroup> chosen: u32;

fn movedBox(index: u32, most: f32) -> vec4<f32> {
  return boxes[index] + select(0.0, f32(classOf(index)) * (most + 1.0), APART);
}
fn weightOf(a: vec4<f32>, b: vec4<f32>) -> f32 {
  let overlap = boxIntersection(a, b);
  let all = boxArea(a) + boxArea(b) - overlap;
  let iou = select(0.0, overlap / all, overlap > 0.0);
  return ${WEIGHTS[method]};
}
fn better(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  return select(a, b, b.x > a.x || (b.x == a.x && b.y < a.y));
}

@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = group.x * params.boxCount;
  let firstOut = group.x * params.maxOut;
  var most = -3.4e38;
  var own = vec2<u32>(0u, NONE);
  for (var i = lane; i < params.boxCount; i += SIZE) {
    let key = keyOf(first + i);
    current[first + i] = select(-3.4e38, scores[first + i], key != 0u);
    if (key != 0u) { most = max(most, largestOf(boxes[first + i])); }
    own = better(own, vec2<u32>(key, i));
  }
  largest[lane] = most;
  for (var half = SIZE / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { largest[lane] = max(largest[lane], largest[lane + half]); }
  }
  workgroupBarrier();
  most = largest[0];
  var kept = 0u;
  for (var round = 0u; round < params.maxOut; round++) {
    best[lane] = own;
    for (var half = SIZE / 2u; half > 0u; half /= 2u) {
      workgroupBarrier();
      if (lane < half) { best[lane] = better(best[lane], best[lane + half]); }
    }
    if (lane == 0u) { chosen = select(NONE, best[0].y, best[0].x != 0u); }
    let taken = workgroupUniformLoad(&chosen);
    if (taken == NONE) { break; }
    kept += 1u;
    let takenBox = movedBox(first + taken, most);
    own = vec2<u32>(0u, NONE);
    for (var i = lane; i < params.boxCount; i += SIZE) {
      let score = current[first + i];
      if (score == -3.4e38) { continue; }
      if (i == taken) {
        keep[firstOut + round] = i32(i);
        keptScores[firstOut + round] = score;
        current[first + i] = -3.4e38;
        continue;
      }
      let decayed = score * weightOf(takenBox, movedBox(first + i, most));
      if (decayed < params.minScore) {
        current[first + i] = -3.4e38;
      } else {
        current[first + i] = decayed;
        own = better(own, vec2<u32>(orderedBits(decayed), i));
      }
    }
  }
  for (var place = kept + lane; place < params.maxOut; place += SIZE) {
    keep[firstOut + place] = -1;
    keptScores[firstOut + place] = 0.0;
  }
  if (lane == 0u) { counts[group.x] = i32(kept); }
}`,
  };
}
