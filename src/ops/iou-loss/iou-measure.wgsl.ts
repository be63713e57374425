/** −ln IoU, 1 − IoU and 1 − IoU² (MMDetection `IoULoss`, modes log, linear and square), or 1 − GIoU (`GIoULoss`). */
export type IouMeasure = 'log' | 'linear' | 'square' | 'giou';

/**
 * `compare(box, goal)`: what two boxes share and its slope by the first one's corners (x1, y1, x2, y2).
 * I intersection, U union (at least `least`). Slopes are PyTorch's: of min and max of two equal values each gets half;
 * a clamp passes on within its bounds, ends included.
 */
const COMPARE = /* wgsl */ `
struct Iou {
  loss: f32,
  slope: vec4<f32>,
}
struct Shared {
  i: f32,
  u: f32,
  interSlope: vec4<f32>,
  unionSlope: vec4<f32>,
}
// Share of min(a, b) that follows a.
fn followsMin(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  return select(select(vec2<f32>(0.0), vec2<f32>(0.5), a == b), vec2<f32>(1.0), a < b);
}
// By the corners; .yx pairs each axis with the length across it.
fn compare(box: vec4<f32>, goal: vec4<f32>, least: f32) -> Shared {
  let own = box.zw - box.xy;
  let goalSize = goal.zw - goal.xy;
  let overlap = min(box.zw, goal.zw) - max(box.xy, goal.xy);
  let inter = max(overlap, vec2<f32>(0.0));
  let i = inter.x * inter.y;
  let rawUnion = own.x * own.y + goalSize.x * goalSize.y - i;
  let open = select(vec2<f32>(0.0), vec2<f32>(1.0), overlap >= vec2<f32>(0.0));
  let interSlope = vec4<f32>(
    -open * followsMin(goal.xy, box.xy) * inter.yx,
    open * followsMin(box.zw, goal.zw) * inter.yx,
  );
  let unionOpen = select(0.0, 1.0, rawUnion >= least);
  let unionSlope = unionOpen * (vec4<f32>(-own.yx, own.yx) - interSlope);
  return Shared(i, max(rawUnion, least), interSlope, unionSlope);
}`;

/** Loss and derivative by the IoU. */
const IOU_MODES: Readonly<Record<Exclude<IouMeasure, 'giou'>, readonly [string, string]>> = {
  log: ['-log(iou)', '-1.0 / iou'],
  linear: ['1.0 - iou', '-1.0'],
  square: ['1.0 - iou * iou', '-2.0 * iou'],
};

/**
 * `measure(box, goal)`: the loss of two boxes and its slope by the first one's corners. Needs `params.eps`: the least
 * IoU, or for GIoU the least area of the union and of the enclosing box.
 */
export function measureFunctions(measure: IouMeasure): string {
  if (measure === 'giou') return GIOU;
  const [loss, byIou] = IOU_MODES[measure];
  // `bbox_overlaps` has its own least union, 1e-6.
  return /* wgsl */ `${COMPARE}
fn measure(box: vec4<f32>, goal: vec4<f32>) -> Iou {
  let s = compare(box, goal, 1e-6);
  let raw = s.i / s.u;
  let iou = max(raw, params.eps);
  let slope = s.interSlope / s.u - s.unionSlope * (s.i / (s.u * s.u));
  return Iou(${loss}, select(0.0, ${byIou}, raw >= params.eps) * slope);
}`;
}

/** C enclosing box; GIoU = I / U − (C − U) / C (Rezatofighi et al., arXiv 1902.09630). */
const GIOU = /* wgsl */ `${COMPARE}
fn measure(box: vec4<f32>, goal: vec4<f32>) -> Iou {
  let s = compare(box, goal, params.eps);
  let around = max(max(box.zw, goal.zw) - min(box.xy, goal.xy), vec2<f32>(0.0));
  let c = max(around.x * around.y, params.eps);
  let aroundOpen = select(0.0, 1.0, around.x * around.y >= params.eps);
  let aroundSlope = aroundOpen * vec4<f32>(
    -followsMin(box.xy, goal.xy) * around.yx,
    followsMin(goal.zw, box.zw) * around.yx,
  );
  let byUnion = 1.0 / c - s.i / (s.u * s.u);
  let byAround = -s.u / (c * c);
  let slope = s.interSlope / s.u + s.unionSlope * byUnion + aroundSlope * byAround;
  return Iou(1.0 - (s.i / s.u - (c - s.u) / c), -slope);
}`;
