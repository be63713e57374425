import type { BufferSpec, ParamSpec } from '../../tensor/kernel.ts';
import { STATISTICS, STATISTICS_WGSL, decodeFunctions } from '../delta-coder/delta-coder.wgsl.ts';
import type { DecodeFunctionsSpec } from '../delta-coder/delta-coder.wgsl.ts';

/** What may change the text of {@link boxDecoder}. */
export interface BoxDecoderSpec extends DecodeFunctionsSpec {
  readonly kind: 'delta' | 'distance';
  readonly clipBorder: boolean;
}

/** The buffer `priors`: anchors xyxy [N], or points f32 [N, 2] (x, y). */
export function priorsBuffer({ kind }: Pick<BoxDecoderSpec, 'kind'>): BufferSpec {
  return { name: 'priors', type: kind === 'delta' ? 'vec4<f32>' : 'f32', access: 'read' };
}

/** Parameters that {@link boxDecoder} needs. */
export function decoderParams({ kind }: Pick<BoxDecoderSpec, 'kind'>): readonly ParamSpec[] {
  if (kind === 'distance') return [];
  return [...STATISTICS, { name: 'maxRatio', type: 'f32' }, { name: 'ctrClamp', type: 'f32' }];
}

/**
 * `decodePrior(prior, prediction, height, width)`: the box of prior number `prior`, clipped to the image (both ends
 * included) where the decoder does so. NaN stays NaN. Needs IS_NAN, {@link priorsBuffer} and {@link decoderParams}.
 * Distances (MMDetection `distance2bbox`): x − left, y − top, x + right, y + bottom.
 */
export function boxDecoder(spec: BoxDecoderSpec): string {
  const decode =
    spec.kind === 'delta'
      ? 'decodeBox(priors[prior], prediction * stds() + means(), params.maxRatio, params.ctrClamp)'
      : 'vec4<f32>(pointAt(prior) - prediction.xy, pointAt(prior) + prediction.zw)';
  return /* wgsl */ `${spec.kind === 'delta' ? STATISTICS_WGSL : POINT}${decodeFunctions(spec)}
fn decodePrior(prior: u32, prediction: vec4<f32>, height: f32, width: f32) -> vec4<f32> {
  let box = ${decode};
  return ${spec.clipBorder ? 'clipBox(box, height, width)' : 'box'};
}`;
}

const POINT = /* wgsl */ `
fn pointAt(prior: u32) -> vec2<f32> { return vec2<f32>(priors[2u * prior], priors[2u * prior + 1u]); }`;
