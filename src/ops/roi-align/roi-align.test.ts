import { expect, test } from 'vitest';
import { centralDifferences, dot } from '../host/central-differences.ts';
import { PYRAMID, randomRois, roiAlignCase } from './roi-align.cases.ts';
import { roiAlignReference } from './roi-align.reference.ts';

test.each([
  [0, true],
  [0, false],
  [2, true],
  [2, false],
])(
  'the twin’s gradient agrees with central differences: sampling ratio %i, aligned %s',
  (samplingRatio, aligned) => {
    const { shape, features, rois, roiLevels, dy } = roiAlignCase(
      'differences',
      { levels: PYRAMID.slice(2), channels: 2, outputSize: [3, 2], samplingRatio, aligned },
      randomRois(samplingRatio, 12, 1),
      [0, 1, 0, 1, 0, -1, 0, 1, 0, 1, 0, 1],
    );
    const { grads } = roiAlignReference(shape, features, rois, roiLevels, dy);
    for (const level of [0, 1]) {
      const loss = (values: Float64Array): number => {
        const changed = features.map((map, index) => (index === level ? values : map));
        return dot(roiAlignReference(shape, changed, rois, roiLevels, []).y, dy);
      };
      const slope = centralDifferences(loss, features[level] ?? []);
      slope.forEach((value, i) =>
        expect(grads[level]?.[i], `grads[${level}][${i}]`).toBeCloseTo(value, 8),
      );
    }
  },
);
