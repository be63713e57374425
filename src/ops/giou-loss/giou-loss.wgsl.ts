import type { BufferSpec, Kernel, ParamSpec } from '../../tensor/kernel.ts';
import { STATISTICS, STATISTICS_WGSL } from '../delta-coder/delta-coder.wgsl.ts';
import { AVG_FACTOR_EPS, PARTIAL_SUM_MAIN } from '../loss-sum/loss-sum.ts';

export const WORKGROUP_SIZE = 64;

const INPUTS: readonly BufferSpec[] = [
  { name: 'pred', type: 'vec4<f32>', access: 'read' },
  { name: 'anchors', type: 'vec4<f32>', access: 'read' },
  { name: 'gtBoxes', type: 'vec4<f32>', access: 'read' },
  { name: 'assigned', type: 'i32', access: 'read' },
];
const SHAPE: readonly ParamSpec[] = [
  ...STATISTICS,
  { name: 'maxRatio', type: 'f32' },
  { name: 'eps', type: 'f32' },
  { name: 'anchorCount', type: 'u32' },
  { name: 'gtRows', type: 'u32' },
  { name: 'count', type: 'u32' },
];

/**
 * `giou(index)`: loss 1 − GIoU of the decoded prediction of a row with its ground truth, and its slope by the four
 * deltas. I intersection, U union, C enclosing box; GIoU = I / U − (C − U) / C.
 * Slopes are PyTorch's: of min and max of two equal values each gets half; a clamp passes on within its bounds, ends
 * included.
 */
const GIOU = /* wgsl */ `${STATISTICS_WGSL}
struct Giou {
  loss: f32,
  slope: vec4<f32>,
}
// Share of min(a, b) that follows a.
fn followsMin(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  return select(select(vec2<f32>(0.0), vec2<f32>(0.5), a == b), vec2<f32>(1.0), a < b);
}
fn giou(index: u32) -> Giou {
  let anchor = anchors[index % params.anchorCount];
  let goal = gtBoxes[index / params.anchorCount * params.gtRows + u32(assigned[index])];
  let delta = pred[index] * stds() + means();
  let anchorSize = anchor.zw - anchor.xy;
  let ratio = clamp(delta.zw, vec2<f32>(-params.maxRatio), vec2<f32>(params.maxRatio));
  let size = anchorSize * exp(ratio);
  let center = (anchor.xy + anchor.zw) * 0.5 + anchorSize * delta.xy;
  let low = center - size * 0.5;
  let high = center + size * 0.5;

  let own = high - low;
  let goalSize = goal.zw - goal.xy;
  let shared2 = min(high, goal.zw) - max(low, goal.xy);
  let inter = max(shared2, vec2<f32>(0.0));
  let around = max(max(high, goal.zw) - min(low, goal.xy), vec2<f32>(0.0));
  let i = inter.x * inter.y;
  let rawUnion = own.x * own.y + goalSize.x * goalSize.y - i;
  let u = max(rawUnion, params.eps);
  let c = max(around.x * around.y, params.eps);
  let loss = 1.0 - (i / u - (c - u) / c);

  // By the corners; .yx pairs each axis with the length across it.
  let open = select(vec2<f32>(0.0), vec2<f32>(1.0), shared2 >= vec2<f32>(0.0));
  let interHigh = open * followsMin(high, goal.zw) * inter.yx;
  let interLow = -open * followsMin(goal.xy, low) * inter.yx;
  let unionOpen = select(0.0, 1.0, rawUnion >= params.eps);
  let unionHigh = unionOpen * (own.yx - interHigh);
  let unionLow = unionOpen * (-own.yx - interLow);
  let aroundOpen = select(0.0, 1.0, around.x * around.y >= params.eps);
  let aroundHigh = aroundOpen * followsMin(goal.zw, high) * around.yx;
  let aroundLow = -aroundOpen * followsMin(low, goal.xy) * around.yx;
  let byUnion = 1.0 / c - i / (u * u);
  let byAround = -u / (c * c);
  let slopeHigh = -(interHigh / u + unionHigh * byUnion + aroundHigh * byAround);
  let slopeLow = -(interLow / u + unionLow * byUnion + aroundLow * byAround);

  let inBounds = select(vec2<f32>(0.0), vec2<f32>(1.0), ratio == delta.zw);
  let slopeDelta = vec4<f32>(
    (slopeHigh + slopeLow) * anchorSize,
    (slopeHigh - slopeLow) * size * 0.5 * inBounds,
  );
  return Giou(loss, slopeDelta * stds());
}`;

/**
 * First stage of the sum of 1 − GIoU over positives (Rezatofighi et al., arXiv 1902.09630; MMDetection `GIoULoss` with
 * `reg_decoded_bbox`).
 * Buffers: pred vec4 [B, N], anchors xyxy [N], gtBoxes xyxy [B, G], assigned i32 [B, N] (negative: no weight) →
 * partials f32 [P]. One invocation adds rows index, index + stride, …; the workgroup adds its sums by a tree.
 */
export const giouSumKernel: Kernel = {
  name: 'giou_loss_sum',
  buffers: [...INPUTS, { name: 'partials', type: 'f32', access: 'write' }],
  params: SHAPE,
  body: /* wgsl */ `${GIOU}
fn term(index: u32) -> f32 {
  if (assigned[index] < 0) { return 0.0; }
  return giou(index).loss;
}${PARTIAL_SUM_MAIN}`,
};

/**
 * Gradient of the loss by pred: dy · lossWeight / (avgFactor + ε) · slope.
 * Buffers: those of {@link giouSumKernel}, avgFactor f32 [1], dy f32 [1] → grad vec4 [B, N]. One invocation per row; 0
 * where it is not positive.
 */
export const giouGradKernel: Kernel = {
  name: 'giou_loss_grad',
  buffers: [
    ...INPUTS,
    { name: 'avgFactor', type: 'f32', access: 'read' },
    { name: 'dy', type: 'f32', access: 'read' },
    { name: 'grad', type: 'vec4<f32>', access: 'write' },
  ],
  params: [...SHAPE, { name: 'lossWeight', type: 'f32' }, { name: 'rowSize', type: 'u32' }],
  body: /* wgsl */ `${GIOU}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  var slope = vec4<f32>(0.0);
  if (assigned[index] >= 0) { slope = giou(index).slope; }
  grad[index] = dy[0] * params.lossWeight / (avgFactor[0] + ${AVG_FACTOR_EPS}) * slope;
}`,
};
