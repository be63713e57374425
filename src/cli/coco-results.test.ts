import { expect, it } from 'vitest';
import { cocoResults } from './coco-results.ts';

it('gives COCO’s ids and [x, y, width, height] in the order of the images', () => {
  const image = { path: '', name: '', width: 9, height: 9, missing: false };
  const dataset = {
    images: [
      { ...image, index: 0, id: 139 },
      { ...image, index: 1, id: 285 },
    ],
    categoryIds: [1, 90],
  };
  const results = cocoResults(dataset, [
    {
      imageIndex: 1,
      boxes: Float32Array.of(1, 2, 4, 8, 0, 0, 9, 9),
      scores: Float32Array.of(0.5, 0.25),
      labels: Int32Array.of(1, 0),
    },
    {
      imageIndex: 0,
      boxes: new Float32Array(0),
      scores: new Float32Array(0),
      labels: new Int32Array(0),
    },
  ]);
  expect(results).toEqual([
    { image_id: 285, category_id: 90, bbox: [1, 2, 3, 6], score: 0.5 },
    { image_id: 285, category_id: 1, bbox: [0, 0, 9, 9], score: 0.25 },
  ]);
});
