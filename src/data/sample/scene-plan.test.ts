import { beforeAll, describe, expect, it } from 'vitest';
import { drawSprite, type Canvas } from './draw-sprite.ts';
import { decodeSampleArt, type SampleArt } from './sample-art.ts';
import { loadSampleArt } from './sample-art.node.ts';
import { MIN_VISIBLE, planObjects, SCENE_SIZE, type SceneObject } from './scene-plan.ts';

let art: SampleArt;
beforeAll(async () => {
  art = await decodeSampleArt(await loadSampleArt());
});

const MARGIN = 128;
const WIDE = SCENE_SIZE + 2 * MARGIN;

/** Where an object's alpha is at least 0.5, on a canvas with a margin: found by drawing it over black and over white. */
function solidMask(object: SceneObject): Uint8Array {
  const sprite = art[object.label];
  if (sprite === undefined) throw new Error('no such class');
  const draw = (ground: number): Canvas => {
    const canvas = {
      width: WIDE,
      height: WIDE,
      data: new Float32Array(WIDE * WIDE * 3).fill(ground),
    };
    drawSprite(canvas, sprite, { ...object, x: object.x + MARGIN, y: object.y + MARGIN }, 1, 1);
    return canvas;
  };
  const black = draw(0).data;
  const white = draw(255).data;
  return Uint8Array.from({ length: WIDE * WIDE }, (_, i) =>
    1 - ((white[i * 3] ?? 0) - (black[i * 3] ?? 0)) / 255 >= 0.5 ? 1 : 0,
  );
}

function maskBounds(mask: Uint8Array): number[] {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [i, value] of mask.entries()) {
    if (value === 0) continue;
    const x = (i % WIDE) - MARGIN;
    const y = Math.floor(i / WIDE) - MARGIN;
    bounds[0] = Math.min(bounds[0] ?? 0, x);
    bounds[1] = Math.min(bounds[1] ?? 0, y);
    bounds[2] = Math.max(bounds[2] ?? 0, x + 1);
    bounds[3] = Math.max(bounds[3] ?? 0, y + 1);
  }
  return bounds;
}

const inside = (i: number): boolean => {
  const x = (i % WIDE) - MARGIN;
  const y = Math.floor(i / WIDE) - MARGIN;
  return x >= 0 && y >= 0 && x < SCENE_SIZE && y < SCENE_SIZE;
};

describe('scenes of the sample', () => {
  it('hold one to six objects with whole-number boxes of 16 to 160 pixels inside the image', () => {
    for (const seed of [0, 1, -7]) {
      for (let index = 0; index < 576; index++) {
        const objects = planObjects(art, seed, index);
        expect(objects.length).toBeGreaterThanOrEqual(1);
        expect(objects.length).toBeLessThanOrEqual(6);
        for (const { box } of objects) {
          const [x1, y1, x2, y2] = box;
          expect(box.every(Number.isInteger)).toBe(true);
          expect(Math.min(x1, y1, x2 - x1 - 1, y2 - y1 - 1)).toBeGreaterThanOrEqual(0);
          expect(Math.max(x2, y2)).toBeLessThanOrEqual(SCENE_SIZE);
          expect(Math.max(x2 - x1, y2 - y1)).toBeGreaterThanOrEqual(16);
          expect(Math.max(x2 - x1, y2 - y1)).toBeLessThanOrEqual(160);
        }
      }
    }
  });

  it('balance the classes and spread the sizes', () => {
    const objects = Array.from({ length: 512 }, (_, index) => planObjects(art, 3, index)).flat();
    const counts = art.map((_, label) => objects.filter((object) => object.label === label).length);
    const mean = objects.length / art.length;
    expect(Math.min(...counts) / mean).toBeGreaterThan(0.75);
    expect(Math.max(...counts) / mean).toBeLessThan(1.25);
    const sides = objects
      .map(({ box }) => Math.max(box[2] - box[0], box[3] - box[1]))
      .toSorted((a, b) => a - b);
    const quantile = (q: number): number => sides[Math.floor(q * sides.length)] ?? 0;
    expect(quantile(0.5)).toBeGreaterThan(50);
    expect(quantile(0.5)).toBeLessThan(75);
    expect(quantile(0.05)).toBeLessThan(25);
    expect(quantile(0.98)).toBeGreaterThan(140);
  });

  it('have tight boxes, and every object is at least 40 % visible, by counting drawn pixels', () => {
    let covered = 0;
    let cut = 0;
    for (let index = 0; index < 16; index++) {
      const objects = planObjects(art, 11, index);
      const masks = objects.map(solidMask);
      for (const [k, mask] of masks.entries()) {
        const bounds = maskBounds(mask);
        for (const [edge, value] of (objects[k]?.box ?? []).entries()) {
          const drawn = Math.min(SCENE_SIZE, Math.max(0, bounds[edge] ?? 0));
          // The box is rounded and so are the drawn pixels: half a pixel each.
          expect(Math.abs(value - drawn), `scene ${index}, object ${k}`).toBeLessThanOrEqual(1);
        }
        const all = mask.reduce((sum, value) => sum + value, 0);
        const seen = mask.reduce((sum, value, i) => {
          const hidden = !inside(i) || masks.slice(k + 1).some((front) => front[i] === 1);
          return sum + (hidden ? 0 : value);
        }, 0);
        expect(seen / all, `scene ${index}, object ${k}`).toBeGreaterThanOrEqual(MIN_VISIBLE);
        if (seen < all * 0.95) covered += 1;
        if (mask.some((value, i) => value === 1 && !inside(i))) cut += 1;
      }
    }
    // The limits above would hold in scenes without any overlap too; there has to be some.
    expect(covered).toBeGreaterThan(4);
    expect(cut).toBeGreaterThan(1);
  });

  it('depend on seed and index alone', () => {
    const first = planObjects(art, 5, 9);
    planObjects(art, 5, 10);
    expect(planObjects(art, 5, 9)).toEqual(first);
    expect(planObjects(art, 6, 9)).not.toEqual(first);
    expect(planObjects(art, 5, 8)).not.toEqual(first);
  });
});
