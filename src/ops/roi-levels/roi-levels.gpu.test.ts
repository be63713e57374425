import { expect, test } from 'vitest';
import { z } from 'zod';
import { rng } from '../../base/rng.ts';
import { readIntTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { readCasepack, readOracleJson } from '../oracle/casepack.ts';
import type { RoiLevelRule } from './level-thresholds.ts';
import { areaThresholds, levelOfArea } from './level-thresholds.ts';
import { mapRoiLevelsReference } from './roi-levels.reference.ts';
import { mapRoiLevels } from './roi-levels.ts';

interface Case {
  readonly name: string;
  /** [R, 4], xyxy in input pixels. */
  readonly boxes: readonly (readonly number[])[];
  readonly options: RoiLevelRule;
  readonly present?: readonly number[];
  readonly levels?: readonly number[];
}

const mmdetection: RoiLevelRule = { rule: 'mmdetection', numLevels: 4 };
const torchvision: RoiLevelRule = { rule: 'torchvision', kMin: 2, kMax: 5 };

const squares = (...sides: number[]): number[][] => sides.map((side) => [0, 0, side, side]);

/** Random boxes, and those around the boundaries: square and with sides 1 : 4, in steps of one float32. */
function boxesAroundBoundaries(seed: number): number[][] {
  const random = rng(seed);
  const boxes = Array.from({ length: 150 }, () => {
    const [x, y] = [random.float() * 900, random.float() * 900];
    return [x, y, x + random.float() ** 3 * 1300, y + random.float() ** 3 * 1300];
  });
  for (const boundary of [56, 112, 224, 448]) {
    const step = 2 ** (Math.floor(Math.log2(boundary)) - 23);
    for (let ulps = -40; ulps <= 40; ulps++) {
      const side = boundary + ulps * step;
      boxes.push([0, 0, side, side], [0, 0, side / 2, side * 2], [0, 0, boundary, side]);
    }
  }
  return boxes;
}

const cases: Case[] = [
  {
    name: 'mmdetection, by hand',
    boxes: squares(0, 1, 56, 111, 112, 223, 224, 447, 448, 900),
    options: mmdetection,
    levels: [0, 0, 0, 0, 1, 1, 2, 2, 3, 3],
  },
  {
    // The 1e-6 inside the logarithm, in float32: 7.9999990 and 7.9999995 reach 8, and log2 of the float below 8 is 3.
    name: 'mmdetection, a little less than the boundary is enough',
    boxes: squares(447.9999, 447.99),
    options: mmdetection,
    levels: [3, 2],
  },
  {
    name: 'torchvision, by hand',
    boxes: squares(0, 1, 56, 111, 112, 223, 224, 447, 448, 900),
    options: torchvision,
    levels: [0, 0, 0, 0, 1, 1, 2, 2, 3, 3],
  },
  {
    name: 'another finest scale, five levels',
    boxes: squares(63, 64, 127, 128, 255, 256, 511, 512),
    options: { rule: 'mmdetection', finestScale: 32, numLevels: 5 },
    levels: [0, 1, 1, 2, 2, 3, 3, 4],
  },
  {
    name: 'another canonical scale and level',
    boxes: squares(31, 32, 63, 64, 127, 128),
    options: { rule: 'torchvision', canonicalScale: 128, canonicalLevel: 5, kMin: 3, kMax: 5 },
    levels: [0, 0, 0, 1, 1, 2],
  },
  {
    name: 'one level',
    boxes: squares(1, 1000),
    options: { rule: 'mmdetection', numLevels: 1 },
    levels: [0, 0],
  },
  {
    name: 'padding',
    boxes: squares(10, 112, 448),
    options: mmdetection,
    present: [0, 1, 0],
    levels: [-1, 1, -1],
  },
  {
    name: 'NaN, infinite and inverted boxes',
    boxes: [
      [Number.NaN, 0, 10, 10],
      [0, 0, Number.NaN, 10],
      [0, 0, Number.POSITIVE_INFINITY, 10],
      [20, 0, 10, 10],
      [20, 20, 10, 10],
      [20, 0, 10, 0],
    ],
    options: mmdetection,
    levels: [-1, -1, 3, -1, 0, 0],
  },
  { name: 'no RoI', boxes: [], options: mmdetection, levels: [] },
  { name: 'one RoI', boxes: squares(300), options: torchvision, levels: [2] },
  ...[1, 2].flatMap((seed) => [
    { name: `mmdetection, ${seed}`, boxes: boxesAroundBoundaries(seed), options: mmdetection },
    { name: `torchvision, ${seed}`, boxes: boxesAroundBoundaries(seed), options: torchvision },
  ]),
];

const pack = await readCasepack('ops/assign');
const packCases = pack
  ?.filter(({ op }) => op === 'tv_level_mapper' || op === 'mmdet_map_roi_levels')
  .map((item): Case => {
    const boxes = Array.from(item.array('boxes').data);
    return {
      name: `casepack ${item.op} ${item.name}`,
      boxes: Array.from({ length: boxes.length / 4 }, (_, row) =>
        boxes.slice(row * 4, row * 4 + 4),
      ),
      options:
        item.op === 'tv_level_mapper'
          ? {
              rule: 'torchvision',
              canonicalScale: item.number('canonical_scale'),
              canonicalLevel: item.number('canonical_level'),
              kMin: item.number('k_min'),
              kMax: item.number('k_max'),
            }
          : {
              rule: 'mmdetection',
              finestScale: item.number('finest_scale'),
              numLevels: item.number('num_levels'),
            },
      levels: Array.from(item.array('levels').data),
    };
  });

const json = await readOracleJson('mmdet/roi_align.json');
const jsonFile = z.object({
  map_roi_levels: z.object({
    finest_scale: z.number(),
    num_levels: z.number(),
    rois: z.array(z.array(z.number())),
    levels: z.array(z.number()),
  }),
});
const mmdet = json === undefined ? undefined : jsonFile.parse(json).map_roi_levels;
const mmdetCases = mmdet && [
  {
    name: 'MMDetection map_roi_levels',
    boxes: mmdet.rois.map((roi) => roi.slice(1)),
    options: {
      rule: 'mmdetection',
      finestScale: mmdet.finest_scale,
      numLevels: mmdet.num_levels,
    } as const,
    levels: mmdet.levels,
  },
];

test.skipIf(packCases === undefined)(
  'oracle ops/assign is there (skipped where it is absent)',
  () => {
    expect(packCases?.length).toBeGreaterThan(1);
  },
);
test.skipIf(mmdet === undefined)('oracle roi_align is there (skipped where it is absent)', () => {
  expect(mmdet?.levels.length).toBeGreaterThan(0);
});

const roisOf = ({ boxes }: Case): Float32Array<ArrayBuffer> =>
  Float32Array.from(boxes.flatMap((box, index) => [index % 2, ...box]));

describeOnBackends<Case, number[]>('mapRoiLevels', {
  cases: [...cases, ...(packCases ?? []), ...(mmdetCases ?? [])],
  reference: (c) => mapRoiLevelsReference(roisOf(c), c.options, c.present),
  async webgpu(c) {
    const rois = tf.tensor2d(roisOf(c), [c.boxes.length, 5]);
    const present = c.present === undefined ? null : tf.tensor1d([...c.present], 'int32');
    const levels = mapRoiLevels(rois, c.options, present);
    const result = [...(await readIntTensor(levels))];
    tf.dispose([rois, levels]);
    present?.dispose();
    return result;
  },
  compare(actual, expected) {
    expect(actual).toEqual(expected);
  },
  expected: (c) => (c.levels === undefined ? undefined : [...c.levels]),
});

test('a threshold is the smallest area of its level', () => {
  for (const options of [mmdetection, torchvision]) {
    const thresholds = areaThresholds(options);
    expect(thresholds.length).toBe(3);
    for (const [index, area] of thresholds.entries()) {
      const below = Math.fround(area * (1 - 2 ** -24));
      expect(below).toBeLessThan(area);
      expect(levelOfArea(area, options)).toBe(index + 1);
      expect(levelOfArea(below, options)).toBe(index);
    }
  }
});

describeOnGpu('mapRoiLevels', () => {
  gpuTest('refuses wrong shapes and options', async () => {
    await tf.ready();
    const rois = tf.zeros([3, 5]);
    const present = tf.zeros([2], 'int32');
    const boxes = tf.zeros([3, 4]);
    expect(() => mapRoiLevels(boxes, mmdetection)).toThrow(/rois must be float32 \[3, 5\]/);
    expect(() => mapRoiLevels(rois, mmdetection, present)).toThrow(/present must be int32 \[3\]/);
    const none: RoiLevelRule = { rule: 'mmdetection', numLevels: 0 };
    expect(() => mapRoiLevels(rois, none)).toThrow(/levels above 0, got 0/);
    const flat: RoiLevelRule = { ...mmdetection, finestScale: 0 };
    expect(() => mapRoiLevels(rois, flat)).toThrow(/finestScale must be above 0, got 0/);
    tf.dispose([rois, present, boxes]);
  });
});
