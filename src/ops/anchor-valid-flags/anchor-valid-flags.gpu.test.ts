import { expect } from 'vitest';
import { readIntTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import type { AnchorLevel, HeightWidth } from './anchor-levels.ts';
import { levelSize } from './anchor-levels.ts';
import { anchorValidFlagsReference } from './anchor-valid-flags.reference.ts';
import { anchorValidFlags } from './anchor-valid-flags.ts';

interface Case {
  readonly name: string;
  readonly levels: readonly AnchorLevel[];
  readonly padShapes: readonly HeightWidth[];
  readonly expected?: readonly number[];
}

/** Levels of one grid: (height, width, strideX, strideY) each. */
function levels(perCell: number, ...rows: [number, number, number, number][]): AnchorLevel[] {
  let start = 0;
  return rows.map(([height, width, strideX, strideY]) => {
    const level = { start, height, width, perCell, strideX, strideY };
    start += levelSize(level);
    return level;
  });
}

const cases: Case[] = [
  {
    // A 2 × 3 map of stride 10; 15 × 11 pixels cover ceil(15/10) = 2 columns and ceil(11/10) = 2 rows.
    name: 'by hand',
    levels: levels(2, [2, 3, 10, 10]),
    padShapes: [{ height: 11, width: 15 }],
    expected: [1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0],
  },
  {
    name: 'five levels, two images of different size',
    levels: levels(
      9,
      [17, 19, 8, 8],
      [9, 10, 16, 16],
      [5, 5, 32, 32],
      [3, 3, 64, 64],
      [2, 2, 128, 128],
    ),
    padShapes: [
      { height: 136, width: 152 },
      { height: 96, width: 129 },
    ],
  },
  {
    name: 'an empty level and a stride that is not square',
    levels: levels(1, [4, 4, 10, 20], [0, 3, 20, 20], [1, 1, 64, 64]),
    padShapes: [{ height: 41, width: 20 }],
  },
  {
    name: 'an image of no size',
    levels: levels(3, [2, 2, 8, 8]),
    padShapes: [{ height: 0, width: 0 }],
  },
];

describeOnBackends<Case, readonly number[]>('anchorValidFlags', {
  cases,
  reference: (input) =>
    input.padShapes.flatMap((shape) => [...anchorValidFlagsReference(input.levels, shape)]),
  async webgpu(input) {
    const padShapes = tf.tensor2d(
      input.padShapes.map(({ height, width }) => [height, width]),
      undefined,
      'int32',
    );
    const flags = anchorValidFlags(padShapes, input.levels);
    const values = await readIntTensor(flags);
    tf.dispose([padShapes, flags]);
    return [...values];
  },
  compare: (actual, expected) => expect(actual).toEqual(expected),
  expected: (input) => input.expected,
});

describeOnGpu('anchorValidFlags', () => {
  gpuTest('refuses a fractional stride and a gap between levels', async () => {
    await tf.ready();
    const padShapes = tf.tensor2d([[8, 8]], undefined, 'int32');
    expect(() => anchorValidFlags(padShapes, levels(1, [1, 1, 8.5, 8]))).toThrow(/whole numbers/);
    const gap = [...levels(1, [1, 1, 8, 8]), ...levels(1, [1, 1, 16, 16])];
    expect(() => anchorValidFlags(padShapes, gap)).toThrow(/level 1 starts at 0, expected 1/);
    padShapes.dispose();
  });
});
