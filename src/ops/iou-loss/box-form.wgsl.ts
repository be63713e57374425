import type { BufferSpec, ParamSpec } from '../../tensor/kernel.ts';
import { STATISTICS, STATISTICS_WGSL } from '../delta-coder/delta-coder.wgsl.ts';

/** How a prediction becomes a box. */
export type BoxFormKind = 'boxes' | 'deltas' | 'distances';

/** Part of a kernel that decodes predictions and takes slopes back through the decoding. */
interface DecodeText {
  readonly inputs: readonly BufferSpec[];
  readonly params: readonly ParamSpec[];
  /**
   * `decode(index)`: the box of a prediction; `decodeSlope(index, box, slope)`: a slope by the box's corners as one by
   * the prediction. Needs pred vec4 and `rowOf(index)`.
   */
  readonly body: string;
}

export const BOX_FORMS: Readonly<Record<BoxFormKind, DecodeText>> = {
  boxes: {
    inputs: [],
    params: [],
    body: /* wgsl */ `
fn decode(index: u32) -> vec4<f32> { return pred[index]; }
fn decodeSlope(index: u32, box: vec4<f32>, slope: vec4<f32>) -> vec4<f32> { return slope; }`,
  },
  // Without clipping, as MMDetection decodes for a loss. A clamp passes on within its bounds, ends included.
  deltas: {
    inputs: [{ name: 'anchors', type: 'vec4<f32>', access: 'read' }],
    params: [
      ...STATISTICS,
      { name: 'maxRatio', type: 'f32' },
      { name: 'anchorCount', type: 'u32' },
    ],
    body: /* wgsl */ `${STATISTICS_WGSL}
fn decode(index: u32) -> vec4<f32> {
  let anchor = anchors[rowOf(index) % params.anchorCount];
  let delta = pred[index] * stds() + means();
  let anchorSize = anchor.zw - anchor.xy;
  let ratio = clamp(delta.zw, vec2<f32>(-params.maxRatio), vec2<f32>(params.maxRatio));
  let size = anchorSize * exp(ratio);
  let center = (anchor.xy + anchor.zw) * 0.5 + anchorSize * delta.xy;
  return vec4<f32>(center - size * 0.5, center + size * 0.5);
}
fn decodeSlope(index: u32, box: vec4<f32>, slope: vec4<f32>) -> vec4<f32> {
  let anchor = anchors[rowOf(index) % params.anchorCount];
  let delta = pred[index] * stds() + means();
  let inBounds = abs(delta.zw) <= vec2<f32>(params.maxRatio);
  return stds() * vec4<f32>(
    (slope.zw + slope.xy) * (anchor.zw - anchor.xy),
    select(vec2<f32>(0.0), (slope.zw - slope.xy) * (box.zw - box.xy) * 0.5, inBounds),
  );
}`,
  },
  distances: {
    inputs: [{ name: 'points', type: 'vec4<f32>', access: 'read' }],
    params: [
      { name: 'anchorCount', type: 'u32' },
      { name: 'strided', type: 'u32' },
    ],
    body: /* wgsl */ `
fn unitOf(index: u32) -> vec4<f32> {
  let unit = select(vec2<f32>(1.0), points[rowOf(index) % params.anchorCount].zw, params.strided == 1u);
  return vec4<f32>(-unit, unit);
}
fn decode(index: u32) -> vec4<f32> {
  return points[rowOf(index) % params.anchorCount].xyxy + unitOf(index) * pred[index];
}
fn decodeSlope(index: u32, box: vec4<f32>, slope: vec4<f32>) -> vec4<f32> {
  return unitOf(index) * slope;
}`,
  },
};
