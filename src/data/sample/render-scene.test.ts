import { describe, expect, it } from 'vitest';
import { renderScene, sceneAnnotations } from './render-scene.ts';
import { decodeSampleArt } from './sample-art.ts';
import { loadSampleArt } from './sample-art.node.ts';
import { checksum, SCENE_CHECKSUMS } from './scene-checksums.ts';

describe('renderScene', () => {
  it('gives the recorded pixels and boxes (the browser is held to the same)', async () => {
    const art = await decodeSampleArt(await loadSampleArt());
    const got = SCENE_CHECKSUMS.map(({ seed, index }) => ({
      seed,
      index,
      pixels: checksum(renderScene(art, seed, index).data),
      boxes: checksum(new Uint8Array(sceneAnnotations(art, seed, index).boxes.buffer)),
    }));
    expect(got).toEqual(SCENE_CHECKSUMS);
  });

  it('gives varied pictures that use the range of brightness', async () => {
    const art = await decodeSampleArt(await loadSampleArt());
    const means = Array.from({ length: 24 }, (_, index) => {
      const { width, height, data } = renderScene(art, 42, index);
      expect([width, height, data.length]).toEqual([256, 256, 256 * 256 * 3]);
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      const spread = Math.sqrt(
        data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length,
      );
      expect(spread).toBeGreaterThan(8);
      return mean;
    });
    expect(Math.max(...means) - Math.min(...means)).toBeGreaterThan(40);
  });

  it('shows the first image within a second, and is fast enough to train from', async () => {
    const start = performance.now();
    const art = await decodeSampleArt(await loadSampleArt());
    renderScene(art, 0, 0);
    expect(performance.now() - start).toBeLessThan(1000);
    const times = Array.from({ length: 40 }, (_, index) => {
      const before = performance.now();
      renderScene(art, 0, index);
      return performance.now() - before;
    }).toSorted((a, b) => a - b);
    // About 7 ms on two shared cores; the bound is loose because other work runs beside the tests.
    expect(times[20]).toBeLessThan(40);
  });
});
