import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitView, panBy, toImage, zoomAt } from './view-transform.ts';

const size = fc.record({
  width: fc.integer({ min: 1, max: 6000 }),
  height: fc.integer({ min: 1, max: 6000 }),
});
const frame = fc.record({
  width: fc.integer({ min: 50, max: 2000 }),
  height: fc.integer({ min: 50, max: 2000 }),
});

describe('view of an image', () => {
  it('fit shows the whole image, centred, touching two sides', () => {
    fc.assert(
      fc.property(size, frame, (image, window) => {
        const view = fitView(image, window);
        expect(view.x).toBeGreaterThanOrEqual(-1e-6);
        expect(view.y).toBeGreaterThanOrEqual(-1e-6);
        expect(Math.min(view.x, view.y)).toBeCloseTo(0, 6);
        expect(2 * view.x + image.width * view.scale).toBeCloseTo(window.width, 4);
        expect(2 * view.y + image.height * view.scale).toBeCloseTo(window.height, 4);
      }),
    );
  });

  it('a small image is not blown up beyond the given scale', () => {
    expect(fitView({ width: 10, height: 10 }, { width: 1000, height: 800 }, 0, 4)).toEqual({
      scale: 4,
      x: 480,
      y: 380,
    });
  });

  it('zooming keeps the point under the pointer where it is', () => {
    const image = { width: 640, height: 480 };
    const window = { width: 800, height: 600 };
    const at = { x: 300, y: 250 };
    const before = fitView(image, window);
    const after = zoomAt(before, 3, at, image, window);
    expect(after.scale).toBeCloseTo(before.scale * 3, 9);
    expect(toImage(after, at).x).toBeCloseTo(toImage(before, at).x, 9);
    expect(toImage(after, at).y).toBeCloseTo(toImage(before, at).y, 9);
  });

  it('no sequence of zooms and pans loses the image or the scale', () => {
    const step = fc.record({
      factor: fc.double({ min: 0.01, max: 100, noNaN: true }),
      x: fc.integer({ min: -5000, max: 5000 }),
      y: fc.integer({ min: -5000, max: 5000 }),
    });
    fc.assert(
      fc.property(size, frame, fc.array(step, { maxLength: 20 }), (image, window, steps) => {
        let view = fitView(image, window);
        for (const { factor, x, y } of steps) {
          view = panBy(zoomAt(view, factor, { x, y }, image, window), { x, y }, image, window);
        }
        const left = Math.max(0, view.x);
        const right = Math.min(window.width, view.x + image.width * view.scale);
        const expected = Math.min(image.width * view.scale, window.width / 4);
        expect(right - left).toBeGreaterThanOrEqual(expected - 1e-6);
        expect(view.scale).toBeGreaterThanOrEqual(fitView(image, window).scale / 2 - 1e-9);
      }),
    );
  });
});
