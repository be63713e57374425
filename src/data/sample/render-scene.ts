/** Pixels and annotations of one scene of the sample, from (art, seed, index) alone: what a decode worker calls. */
import { rng } from '../../base/rng.ts';
import type { RgbImage } from '../dataset.ts';
import { drawShadow, drawSprite, type Canvas } from './draw-sprite.ts';
import { paintBackground } from './paint-background.ts';
import type { SampleArt } from './sample-art.ts';
import { planObjects, SCENE_SIZE } from './scene-plan.ts';
import { between, chance, STREAM } from './scene-random.ts';

/** Boxes xyxy [n, 4] in pixels and class indices [n], in drawing order (later ones stand in front). */
export interface SceneAnnotations {
  readonly boxes: Float32Array;
  readonly labels: Int32Array;
}

/** Softens by [k, 1 − 2k, k] along both axes; the rim repeats. */
function blur(canvas: Canvas, k: number): void {
  const { width, height, data } = canvas;
  for (const [stride, count, lineStride, lines] of [
    [3, width, width * 3, height],
    [width * 3, height, 3, width],
  ] as const) {
    for (let line = 0; line < lines; line++) {
      for (let c = 0; c < 3; c++) {
        const start = line * lineStride + c;
        let before = data[start] ?? 0;
        for (let i = 0; i < count; i++) {
          const at = start + i * stride;
          const here = data[at] ?? 0;
          const after = i + 1 < count ? (data[at + stride] ?? 0) : here;
          data[at] = k * before + (1 - 2 * k) * here + k * after;
          before = here;
        }
      }
    }
  }
}

/** Exposure, now and then softness, now and then grain, then rounding to 8 bits. */
function develop(canvas: Canvas, seed: number, index: number): Uint8Array<ArrayBuffer> {
  const random = rng(seed, index, STREAM.finish);
  const exposure = between(random, 0.82, 1.12);
  if (chance(random, 0.25)) blur(canvas, between(random, 0.08, 0.25));
  const grain = chance(random, 0.4) ? between(random, 2, 14) / 255 : 0;
  const { data } = canvas;
  const pixels = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const bits = grain === 0 ? 0 : random.uint32();
    for (let c = 0; c < 3; c++) {
      const noise = grain * (((bits >>> (c * 8)) & 255) - 127.5);
      const value = (data[i + c] ?? 0) * exposure + (grain === 0 ? 0 : noise);
      pixels[i + c] = Math.min(255, Math.max(0, Math.floor(value + 0.5)));
    }
  }
  return pixels;
}

/** Draws the objects in order; in every other scene each with a soft shadow, thrown one way. */
function drawObjects(canvas: Canvas, art: SampleArt, seed: number, index: number): void {
  const random = rng(seed, index, STREAM.shadow);
  const strength = chance(random, 0.5) ? between(random, 0.2, 0.5) : 0;
  const shiftX = between(random, -0.06, 0.06);
  const shiftY = between(random, 0.01, 0.07);
  for (const object of planObjects(art, seed, index)) {
    const sprite = art[object.label];
    if (sprite === undefined) throw new Error(`The sample artwork has no class ${object.label}.`);
    if (strength > 0) {
      const side = object.scale * Math.max(sprite.width, sprite.height);
      const place = { ...object, x: object.x + shiftX * side, y: object.y + shiftY * side };
      drawShadow(canvas, sprite, place, strength);
    }
    drawSprite(canvas, sprite, object, object.brightness, object.contrast);
  }
}

/** Draws scene `index` (256 × 256). Same art, seed and index: the same pixels in every browser and in Node. */
export function renderScene(art: SampleArt, seed: number, index: number): RgbImage {
  const canvas: Canvas = {
    width: SCENE_SIZE,
    height: SCENE_SIZE,
    data: new Float32Array(SCENE_SIZE * SCENE_SIZE * 3),
  };
  paintBackground(canvas, seed, index);
  drawObjects(canvas, art, seed, index);
  return { width: SCENE_SIZE, height: SCENE_SIZE, data: develop(canvas, seed, index) };
}

/** Boxes and labels of scene `index`, without drawing it. */
export function sceneAnnotations(art: SampleArt, seed: number, index: number): SceneAnnotations {
  const objects = planObjects(art, seed, index);
  return {
    boxes: Float32Array.from(objects.flatMap(({ box }) => box)),
    labels: Int32Array.from(objects, ({ label }) => label),
  };
}
