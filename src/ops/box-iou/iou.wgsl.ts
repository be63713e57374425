/**
 * WGSL functions on boxes, for the kernels that compare them. Boxes are vec4 (x1, y1, x2, y2), absolute pixels, right
 * and bottom exclusive. Areas of inverted boxes are what the products give, as in MMDetection and torchvision.
 */

/** `isNan(x)`: by bits, because WGSL may assume that NaN does not exist and fold `x != x` away. */
export const IS_NAN = /* wgsl */ `
fn isNan(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}
fn anyNan(box: vec4<f32>) -> bool {
  return isNan(box.x) || isNan(box.y) || isNan(box.z) || isNan(box.w);
}`;

/** `boxArea(a)` and `boxIntersection(a, b)`. */
export const BOX_INTERSECTION = /* wgsl */ `
fn boxArea(box: vec4<f32>) -> f32 {
  return (box.z - box.x) * (box.w - box.y);
}
fn boxIntersection(a: vec4<f32>, b: vec4<f32>) -> f32 {
  let size = max(min(a.zw, b.zw) - max(a.xy, b.xy), vec2<f32>(0.0));
  return size.x * size.y;
}`;

/** `boxIou(a, b)` with the union clamped to at least 1e-6 (MMDetection `bbox_overlaps`). Needs BOX_INTERSECTION. */
export const BOX_IOU = /* wgsl */ `
fn boxIou(a: vec4<f32>, b: vec4<f32>) -> f32 {
  let overlap = boxIntersection(a, b);
  return overlap / max(boxArea(a) + boxArea(b) - overlap, 1e-6);
}`;

/** `boxIof(a, b)`: the shared area over that of `a`, at least 1e-6 (mode `iof` of MMDetection). Needs BOX_INTERSECTION. */
export const BOX_IOF = /* wgsl */ `
fn boxIof(a: vec4<f32>, b: vec4<f32>) -> f32 {
  return boxIntersection(a, b) / max(boxArea(a), 1e-6);
}`;
