import type { StepOf } from '../../config/schema/pipeline.ts';
import { hsvToRgb, rgbToHsv } from '../pixels/hsv.ts';
import type { PixelImage } from '../pixels/pixel-image.ts';
import type { Rng } from '../../base/rng.ts';
import { uniform } from './pipeline-sample.ts';
import type { Transform } from './pipeline-sample.ts';

const f32 = Math.fround;

/** What one image is distorted by; null leaves that step out. */
export interface Distortion {
  /** Added to all channels. */
  readonly brightness: number | null;
  /** Factor on all channels, before the change of saturation and hue or after it. */
  readonly contrast: { readonly factor: number; readonly first: boolean } | null;
  /** Factor on the saturation. */
  readonly saturation: number | null;
  /** Degrees added to the hue. */
  readonly hue: number | null;
  /** Channel c of the result is channel `order[c]` of the image, counted blue, green, red. */
  readonly order: readonly number[] | null;
}

/**
 * MMDetection's PhotoMetricDistortion (SSD): each of brightness, contrast, saturation, hue and channel order with
 * probability 1/2. The image becomes float32 and may leave 0 … 255; batches are 8 bit, so it is rounded and clamped when it
 * is packed, where MMDetection normalises the floats (docs/adr/0006-pipelines-run-where-images-are-decoded.md).
 */
export function photoMetricDistortion(step: StepOf<'PhotoMetricDistortion'>): Transform {
  return {
    heavy: true,
    apply: (sample, random) => ({
      ...sample,
      image: distort(sample.image, drawDistortion(step, random)),
    }),
  };
}

function drawDistortion(step: StepOf<'PhotoMetricDistortion'>, random: Rng): Distortion {
  // All numbers are drawn whether used or not, as in MMDetection
  const coin = (): boolean => random.int(0, 2) === 1;
  const [last, bright, contrast, saturate, hue, swap] = [
    coin(),
    coin(),
    coin(),
    coin(),
    coin(),
    coin(),
  ];
  const delta = uniform(random, -step.brightness_delta, step.brightness_delta);
  const alpha = uniform(random, ...step.contrast_range);
  const saturation = uniform(random, ...step.saturation_range);
  const turn = uniform(random, -step.hue_delta, step.hue_delta);
  const order = Array.from(random.permutation(3));
  return {
    brightness: bright ? delta : null,
    contrast: contrast ? { factor: alpha, first: last } : null,
    saturation: saturate ? saturation : null,
    hue: hue ? turn : null,
    order: swap ? order : null,
  };
}

/** The image distorted, in float32, one rounding per operation. */
export function distort(image: PixelImage, distortion: Distortion): PixelImage {
  const { brightness, contrast, saturation, hue, order } = distortion;
  const factor = contrast === null ? 1 : f32(contrast.factor);
  const pixels = Float32Array.from(image.data);
  if (brightness !== null) mapPixels(pixels, (value) => value + f32(brightness));
  if (contrast?.first === true) mapPixels(pixels, (value) => value * factor);
  // MMDetection goes through HSV even when nothing changes there, which costs the last bits
  const hsv = rgbToHsv(pixels);
  if (saturation !== null) changeSaturation(hsv, f32(saturation));
  if (hue !== null) turnHue(hsv, f32(hue));
  const rgb = hsvToRgb(hsv);
  if (contrast?.first === false) mapPixels(rgb, (value) => value * factor);
  return { ...image, data: order === null ? rgb : reorder(rgb, order) };
}

function mapPixels(pixels: Float32Array, change: (value: number) => number): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = change(pixels[i] ?? 0);
}

function changeSaturation(hsv: Float32Array, factor: number): void {
  for (let i = 1; i < hsv.length; i += 3) {
    const changed = f32((hsv[i] ?? 0) * factor);
    hsv[i] = factor > 1 ? Math.min(Math.max(changed, 0), 1) : changed;
  }
}

function turnHue(hsv: Float32Array, degrees: number): void {
  for (let i = 0; i < hsv.length; i += 3) {
    let turned = f32((hsv[i] ?? 0) + degrees);
    if (turned > 360) turned = f32(turned - 360);
    if (turned < 0) turned = f32(turned + 360);
    hsv[i] = turned;
  }
}

function reorder(rgb: Float32Array, order: readonly number[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rgb.length);
  for (let i = 0; i < rgb.length; i += 3) {
    for (let c = 0; c < 3; c++) out[i + 2 - c] = rgb[i + 2 - (order[c] ?? 0)] ?? 0;
  }
  return out;
}
