/** Draws a sprite, scaled and turned, over float pixels: inverse mapping with bilinear samples of a fitting level. */
import type { Sprite, SpriteLevel } from './sample-art.ts';
import type { Placement } from './scene-plan.ts';

/** Float RGB, 0 … 255, interleaved, rows top to bottom. `data.length = 3 · width · height`. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Premultiplied colour and alpha of the last {@link sample}: one buffer, so that a pixel costs no object. */
const sampled = new Float64Array(4);

/**
 * Adds to `sampled` the bilinear sample at (x, y), in texels of `level` with its border (texel (i, j) has its value at
 * (i, j)). Beyond the border there is nothing.
 */
function addSample(level: SpriteLevel, x: number, y: number): void {
  if (!(x > 0 && y > 0 && x < level.width + 1 && y < level.height + 1)) return;
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const fx = x - ix;
  const fy = y - iy;
  const { texels } = level;
  const stride = (level.width + 2) * 4;
  const at = iy * stride + ix * 4;
  const a = (1 - fx) * (1 - fy);
  const b = fx * (1 - fy);
  const c = (1 - fx) * fy;
  const d = fx * fy;
  for (let k = 0; k < 4; k++) {
    const i = at + k;
    sampled[k] =
      (sampled[k] ?? 0) +
      a * (texels[i] ?? 0) +
      b * (texels[i + 4] ?? 0) +
      c * (texels[i + stride] ?? 0) +
      d * (texels[i + stride + 4] ?? 0);
  }
}

/**
 * The pixels that a turned sprite with a border of `border` of its texels can touch: left, top (inclusive), right, bottom
 * (exclusive).
 */
function touchedPixels(
  canvas: Canvas,
  sprite: Sprite,
  place: Placement,
  border: number,
): [number, number, number, number] {
  const w = place.scale * (sprite.width / 2 + border);
  const h = place.scale * (sprite.height / 2 + border);
  const halfW = Math.abs(place.cos) * w + Math.abs(place.sin) * h + 1;
  const halfH = Math.abs(place.sin) * w + Math.abs(place.cos) * h + 1;
  return [
    Math.max(0, Math.floor(place.x - halfW)),
    Math.max(0, Math.floor(place.y - halfH)),
    Math.min(canvas.width, Math.ceil(place.x + halfW)),
    Math.min(canvas.height, Math.ceil(place.y + halfH)),
  ];
}

/** Which level is read, and at how many points per side of a pixel. */
interface Sampling {
  /** Level k has 2⁻ᵏ of the resolution. */
  readonly k: number;
  readonly perSide: number;
}

/** The sampling at which neither texels are skipped nor the picture is smeared. */
function sharpSampling(sprite: Sprite, scale: number): Sampling {
  const perSide = scale >= 0.9 ? 1 : 2;
  let step = 1 / (scale * perSide);
  let k = 0;
  while (step > 1.2 && k + 1 < sprite.levels.length) {
    step /= 2;
    k += 1;
  }
  return { k, perSide };
}

/**
 * Calls `blend` for every pixel the sprite touches, with the index of its red sample, after `sampled` has been set to the
 * pixel's mean premultiplied colour and alpha.
 */
function forEachPixel(
  canvas: Canvas,
  sprite: Sprite,
  place: Placement,
  { k: levelIndex, perSide }: Sampling,
  blend: (at: number) => void,
): void {
  const level = sprite.levels[levelIndex];
  if (level === undefined)
    throw new Error(`The sprite “${sprite.name}” has no level ${levelIndex}.`);
  const shrink = 1 << levelIndex;
  const [left, top, right, bottom] = touchedPixels(canvas, sprite, place, shrink);
  const { cos, sin, mirror } = place;
  const step = 1 / (place.scale * shrink);
  // Level texel (i, j) covers i … i + 1 of the sprite's 1/shrink, its value stands at + 0.5, the border shifts by 1.
  const originX = sprite.width / 2 / shrink + 0.5;
  const originY = sprite.height / 2 / shrink + 0.5;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      sampled.fill(0);
      for (let j = 0; j < perSide; j++) {
        const dy = (y + (j + 0.5) / perSide - place.y) * step;
        for (let i = 0; i < perSide; i++) {
          const dx = (x + (i + 0.5) / perSide - place.x) * step;
          addSample(level, (cos * dx + sin * dy) * mirror + originX, cos * dy - sin * dx + originY);
        }
      }
      if ((sampled[3] ?? 0) === 0) continue;
      for (let k = 0; k < 4; k++) sampled[k] = (sampled[k] ?? 0) / (perSide * perSide);
      blend((y * canvas.width + x) * 3);
    }
  }
}

/**
 * Draws the sprite over the canvas. Its colour c becomes ((c − 128) · contrast + 128) · brightness, each channel kept in
 * 0 … 255.
 */
export function drawSprite(
  canvas: Canvas,
  sprite: Sprite,
  place: Placement,
  brightness: number,
  contrast: number,
): void {
  const gain = brightness * contrast;
  const offset = 128 * brightness * (1 - contrast);
  const { data } = canvas;
  forEachPixel(canvas, sprite, place, sharpSampling(sprite, place.scale), (at) => {
    const alpha = sampled[3] ?? 0;
    for (let k = 0; k < 3; k++) {
      const colour = (sampled[k] ?? 0) * gain + offset * alpha;
      const kept = Math.min(255 * alpha, Math.max(0, colour));
      data[at + k] = (data[at + k] ?? 0) * (1 - alpha) + kept;
    }
  });
}

/** Level of 20 texels a side: drawn large, its bilinear samples are the sprite's soft silhouette. */
const SHADOW: Sampling = { k: 3, perSide: 1 };

/** Darkens the canvas by `strength` (0 … 1) under the sprite's blurred silhouette. */
export function drawShadow(
  canvas: Canvas,
  sprite: Sprite,
  place: Placement,
  strength: number,
): void {
  const { data } = canvas;
  forEachPixel(canvas, sprite, place, SHADOW, (at) => {
    const light = 1 - strength * (sampled[3] ?? 0);
    for (let k = 0; k < 3; k++) data[at + k] = (data[at + k] ?? 0) * light;
  });
}
