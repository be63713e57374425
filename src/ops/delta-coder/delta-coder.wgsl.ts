import type { Kernel, ParamSpec } from '../../tensor/kernel.ts';
import { IS_NAN } from '../box-iou/iou.wgsl.ts';

export const WORKGROUP_SIZE = 64;

/** Means and stds of a coder, in the kernel's parameters. */
export const STATISTICS: readonly ParamSpec[] = [
  'meanX',
  'meanY',
  'meanW',
  'meanH',
  'stdX',
  'stdY',
  'stdW',
  'stdH',
].map((name) => ({ name, type: 'f32' }));

/** `means()` and `stds()`. Needs STATISTICS. */
export const STATISTICS_WGSL = /* wgsl */ `
fn means() -> vec4<f32> { return vec4<f32>(params.meanX, params.meanY, params.meanW, params.meanH); }
fn stds() -> vec4<f32> { return vec4<f32>(params.stdX, params.stdY, params.stdW, params.stdH); }`;

/**
 * `encodeBox(anchor, box)`: the deltas (dx, dy, dw, dh) that make `box` of `anchor`, normalised (DeltaXYWHBBoxCoder.encode,
 * MMDetection; R-CNN, arXiv 1311.2524 app. C): centre distances over the anchor's size and logarithms of size ratios, then
 * (d − mean) / std. No epsilon: a box of no width gives −Infinity. Needs STATISTICS_WGSL.
 */
export const ENCODE_BOX = /* wgsl */ `
fn encodeBox(anchor: vec4<f32>, box: vec4<f32>) -> vec4<f32> {
  let size = anchor.zw - anchor.xy;
  let shift = ((box.xy + box.zw) * 0.5 - (anchor.xy + anchor.zw) * 0.5) / size;
  let scale = log((box.zw - box.xy) / size);
  return (vec4<f32>(shift, scale) - means()) / stds();
}`;

/** What may change the text of {@link decodeFunctions}. */
export interface DecodeFunctionsSpec {
  /** Clamp the centre's shift too, and sizes only from above (YOLOF). */
  readonly addCtrClamp: boolean;
  /** Clamp sizes only from above (torchvision). */
  readonly clampAboveOnly: boolean;
}

/** What may change the text of {@link decodeKernel}. */
export interface DecodeSpec extends DecodeFunctionsSpec {
  /** Anchors are [N] for all images, or [B, N]. */
  readonly sharedAnchors: boolean;
  /** Type of the bound image shapes to clip to; null does not clip. */
  readonly clip: 'f32' | 'i32' | null;
}

/**
 * Boxes from deltas (DeltaXYWHBBoxCoder.decode of MMDetection).
 * Buffers: anchors xyxy [N] or [B, N], deltas vec4 [B, N], maxShapes f32 or i32 [B, 2] (height, width; only with `clip`)
 * → boxes xyxy [B, N].
 * One invocation per image and anchor; one pass. d · std + mean; dw, dh are clamped to ±maxRatio; corners are clipped
 * to [0, width] × [0, height], both ends included. NaN stays NaN, which min and max would turn into a border.
 */
export function decodeKernel({ sharedAnchors, clip, ...functions }: DecodeSpec): Kernel {
  return {
    name: 'delta_decode',
    buffers: [
      { name: 'anchors', type: 'vec4<f32>', access: 'read' },
      { name: 'deltas', type: 'vec4<f32>', access: 'read' },
      ...(clip === null ? [] : [{ name: 'maxShapes', type: clip, access: 'read' } as const]),
      { name: 'boxes', type: 'vec4<f32>', access: 'write' },
    ],
    params: [
      ...STATISTICS,
      { name: 'maxRatio', type: 'f32' },
      { name: 'ctrClamp', type: 'f32' },
      { name: 'anchorCount', type: 'u32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
    ],
    body: /* wgsl */ `${IS_NAN}${STATISTICS_WGSL}${decodeFunctions(functions)}
const SHARED_ANCHORS = ${sharedAnchors};
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let anchor = anchors[select(index, index % params.anchorCount, SHARED_ANCHORS)];
  let delta = deltas[index] * stds() + means();
  let box = decodeBox(anchor, delta, params.maxRatio, params.ctrClamp);
${
  clip === null
    ? '  boxes[index] = box;'
    : `  let image = index / params.anchorCount;
  boxes[index] = clipBox(box, f32(maxShapes[2u * image]), f32(maxShapes[2u * image + 1u]));`
}
}`,
  };
}

/**
 * `decodeBox(anchor, delta, maxRatio, ctrClamp)` of a denormalised delta, and `clipBox(box, height, width)`.
 * Needs IS_NAN.
 */
export function decodeFunctions({ addCtrClamp, clampAboveOnly }: DecodeFunctionsSpec): string {
  return /* wgsl */ `
const ADD_CTR_CLAMP = ${addCtrClamp};
const CLAMP_ABOVE_ONLY = ${addCtrClamp || clampAboveOnly};
fn keepNan(result: vec2<f32>, source: vec2<f32>) -> vec2<f32> {
  return select(result, source, vec2<bool>(isNan(source.x), isNan(source.y)));
}
fn clampKeepingNan(value: vec2<f32>, low: vec2<f32>, high: vec2<f32>) -> vec2<f32> {
  return keepNan(max(min(value, high), low), value);
}
fn decodeBox(anchor: vec4<f32>, delta: vec4<f32>, maxRatio: f32, ctrClamp: f32) -> vec4<f32> {
  let size = anchor.zw - anchor.xy;
  var shift = size * delta.xy;
  var lowest = vec2<f32>(-maxRatio);
  if (ADD_CTR_CLAMP) {
    shift = clampKeepingNan(shift, vec2<f32>(-ctrClamp), vec2<f32>(ctrClamp));
  }
  if (CLAMP_ABOVE_ONLY) { lowest = vec2<f32>(-3.4e38); }
  let center = (anchor.xy + anchor.zw) * 0.5 + shift;
  // Some drivers' exp gives a number for NaN.
  let scale = keepNan(exp(max(min(delta.zw, vec2<f32>(maxRatio)), lowest)), delta.zw);
  let half = size * scale * 0.5;
  return vec4<f32>(center - half, center + half);
}
fn clipBox(box: vec4<f32>, height: f32, width: f32) -> vec4<f32> {
  let high = vec2<f32>(width, height);
  let low = vec2<f32>(0.0);
  return vec4<f32>(clampKeepingNan(box.xy, low, high), clampKeepingNan(box.zw, low, high));
}`;
}
