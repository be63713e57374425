import { expect } from 'vitest';
import { readIntTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import type { AnchorLevel, HeightWidth } from './anchor-levels.ts';
import { levelSize } from './anchor-levels.ts';
import {
  anchorInsideFlagsReference,
  anchorValidFlagsReference,
} from './anchor-valid-flags.reference.ts';
import { anchorValidFlags } from './anchor-valid-flags.ts';

interface Case {
  readonly name: string;
  readonly levels: readonly AnchorLevel[];
  readonly padShapes: readonly HeightWidth[];
  readonly inside?: {
    readonly anchors: readonly (readonly number[])[];
    readonly imgShapes: readonly HeightWidth[];
    readonly allowedBorder: number;
  };
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
  ...[
    // The right and bottom ends are excluded: 15 < 15 is false, 15 < 15 + 1 is true.
    { allowedBorder: 0, expected: [1, 0, 0, 0, 0, 0] },
    { allowedBorder: 1, expected: [1, 1, 1, 1, 0, 0] },
    { allowedBorder: -1, expected: [1, 1, 1, 1, 1, 0] },
  ].map(({ allowedBorder, expected }) => ({
    // Of the last cell the image has nothing.
    name: `by hand, inside with a border of ${allowedBorder}`,
    levels: levels(1, [1, 6, 4, 10]),
    padShapes: [{ height: 10, width: 20 }],
    inside: {
      anchors: [
        [0, 0, 14.5, 8.5],
        [-1, 0, 5, 5],
        [3, 3, 15, 8],
        [3, 3, 8, 9],
        [Number.NaN, 0, 5, 5],
        [0, 0, 5, 5],
      ],
      imgShapes: [{ height: 9, width: 15 }],
      allowedBorder,
    },
    expected,
  })),
  {
    name: 'inside, two levels, two images of different size',
    levels: levels(3, [9, 11, 8, 8], [5, 6, 16, 16]),
    padShapes: [
      { height: 72, width: 88 },
      { height: 64, width: 64 },
    ],
    inside: {
      anchors: Array.from({ length: 387 }, (_, index) => {
        const x = ((index * 37) % 100) - 9;
        const y = ((index * 53) % 80) - 9;
        return [x, y, x + (index % 13) * 2, y + (index % 7) * 3];
      }),
      imgShapes: [
        { height: 70, width: 81 },
        { height: 50, width: 64 },
      ],
      allowedBorder: 3.5,
    },
  },
];

function sizesTensor(sizes: readonly HeightWidth[]) {
  return tf.tensor2d(
    sizes.map(({ height, width }) => [height, width]),
    undefined,
    'int32',
  );
}

describeOnBackends<Case, readonly number[]>('anchorValidFlags', {
  cases,
  reference: ({ levels: all, padShapes, inside }) =>
    padShapes.flatMap((shape, image) => {
      const valid = anchorValidFlagsReference(all, shape);
      const size = inside?.imgShapes[image];
      if (inside === undefined || size === undefined) return [...valid];
      const anchors = Float32Array.from(inside.anchors.flat());
      const isInside = anchorInsideFlagsReference(anchors, size, inside.allowedBorder);
      return Array.from(valid, (flag, anchor) => flag & (isInside[anchor] ?? 0));
    }),
  async webgpu(input) {
    const padShapes = sizesTensor(input.padShapes);
    const inside = input.inside && {
      anchors: tf.tensor2d(input.inside.anchors.map((box) => [...box])),
      imgShapes: sizesTensor(input.inside.imgShapes),
      allowedBorder: input.inside.allowedBorder,
    };
    const flags = anchorValidFlags(padShapes, input.levels, inside ?? null);
    if (inside !== undefined) tf.dispose([inside.anchors, inside.imgShapes]);
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
