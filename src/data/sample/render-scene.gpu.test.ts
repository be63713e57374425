import { expect, it } from 'vitest';
import { renderScene, sceneAnnotations } from './render-scene.ts';
import { decodeSampleArt } from './sample-art.ts';
import { loadSampleArt } from './sample-art.browser.ts';
import { checksum, SCENE_CHECKSUMS } from './scene-checksums.ts';

it('a browser draws the same pixels and boxes as Node', async () => {
  const art = await decodeSampleArt(await loadSampleArt());
  const got = SCENE_CHECKSUMS.map(({ seed, index }) => ({
    seed,
    index,
    pixels: checksum(renderScene(art, seed, index).data),
    boxes: checksum(new Uint8Array(sceneAnnotations(art, seed, index).boxes.buffer)),
  }));
  expect(got).toEqual(SCENE_CHECKSUMS);
});
