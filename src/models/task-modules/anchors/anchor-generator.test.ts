import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { anchorValidFlagsReference } from '../../../ops/anchor-valid-flags/anchor-valid-flags.reference.ts';
import { anchorGrid, baseAnchors } from './anchor-generator.ts';
import type { AnchorGeneratorSpec } from './anchor-generator.ts';

const ORACLE = '../shared/oracle/mmdet/anchors.json';
const UPSTREAM = '../shared/oracle/mmdet/anchor_tests_upstream.json';

const retina: AnchorGeneratorSpec = {
  strides: [8, 16, 32, 64, 128],
  ratios: [0.5, 1, 2],
  octaveBaseScale: 4,
  scalesPerOctave: 3,
};

describe('anchorGrid', () => {
  test('one square anchor on a 2 × 2 map, worked out by hand', () => {
    const { anchors, levels } = anchorGrid({ strides: [10], ratios: [1], scales: [1] }, [
      { height: 2, width: 2 },
    ]);
    expect([...anchors]).toEqual([-5, -5, 5, 5, 5, -5, 15, 5, -5, 5, 5, 15, 5, 5, 15, 15]);
    expect(levels).toEqual([
      { start: 0, height: 2, width: 2, perCell: 1, strideX: 10, strideY: 10 },
    ]);
  });

  test('levels follow each other and an empty level takes no room', () => {
    const { anchors, levels } = anchorGrid(retina, [
      { height: 4, width: 3 },
      { height: 2, width: 2 },
      { height: 0, width: 5 },
      { height: 1, width: 1 },
      { height: 1, width: 1 },
    ]);
    expect(levels.map(({ start }) => start)).toEqual([0, 108, 144, 144, 153]);
    expect(anchors.length).toBe(162 * 4);
  });

  test.each<[string, AnchorGeneratorSpec]>([
    ['both kinds of scales', { ...retina, scales: [8] }],
    ['no scales', { strides: [8], ratios: [1] }],
    ['half an octave', { strides: [8], ratios: [1], octaveBaseScale: 4 }],
    ['too few base sizes', { ...retina, baseSizes: [8] }],
    ['too few centers', { ...retina, centers: [[0, 0]] }],
    [
      'centers and an offset',
      { strides: [8], ratios: [1], scales: [1], centers: [[4, 4]], centerOffset: 0.5 },
    ],
    ['an offset outside the cell', { ...retina, centerOffset: 1.5 }],
  ])('refuses %s', (_, spec) => {
    expect(() => baseAnchors(spec)).toThrow(/baseAnchors/);
  });

  test('refuses a wrong number of feature maps', () => {
    expect(() => anchorGrid(retina, [{ height: 1, width: 1 }])).toThrow(/5 strides but 1 feature/);
  });
});

const numbers = z.array(z.number());
const boxes = z.array(numbers);
const oracleCase = z.object({
  name: z.string(),
  cfg: z.object({
    strides: z.array(z.union([z.number(), z.tuple([z.number(), z.number()])])),
    ratios: numbers,
    scales: numbers.optional(),
    octave_base_scale: z.number().optional(),
    scales_per_octave: z.number().optional(),
    base_sizes: numbers.optional(),
    scale_major: z.boolean().optional(),
    center_offset: z.number().optional(),
  }),
  featmap_sizes_hw: z.array(z.tuple([z.number(), z.number()])),
  pad_shape_hw: z.tuple([z.number(), z.number()]),
  base_anchors: z.array(boxes),
  n_per_level: numbers,
  first: z.array(boxes),
  last: z.array(boxes),
  sum: numbers,
  valid_count: numbers,
});
const upstreamFile = z.object({
  test_retina_anchor: z.array(
    z.object({
      expected_base_anchors: z.array(boxes).optional(),
      expected_valid_pixels: numbers.optional(),
    }),
  ),
});

describe.skipIf(!existsSync(ORACLE))(`${ORACLE} (skipped where it is absent)`, () => {
  const cases = existsSync(ORACLE)
    ? z.object({ cases: z.array(oracleCase) }).parse(JSON.parse(readFileSync(ORACLE, 'utf8'))).cases
    : [];
  test.each(cases.map((input) => [input.name, input] as const))('%s, bit for bit', (_, input) => {
    const spec: AnchorGeneratorSpec = {
      strides: input.cfg.strides,
      ratios: input.cfg.ratios,
      scales: input.cfg.scales,
      octaveBaseScale: input.cfg.octave_base_scale,
      scalesPerOctave: input.cfg.scales_per_octave,
      baseSizes: input.cfg.base_sizes,
      scaleMajor: input.cfg.scale_major,
      centerOffset: input.cfg.center_offset,
    };
    expect(baseAnchors(spec).map((base) => [...base])).toEqual(
      input.base_anchors.map((base) => base.flat()),
    );
    const { anchors, levels } = anchorGrid(
      spec,
      input.featmap_sizes_hw.map(([height, width]) => ({ height, width })),
    );
    const [height, width] = input.pad_shape_hw;
    const valid = anchorValidFlagsReference(levels, { height, width });
    for (const [index, level] of levels.entries()) {
      const count = input.n_per_level[index] ?? Number.NaN;
      const own = Array.from(anchors.subarray(level.start * 4, (level.start + count) * 4));
      const first = (input.first[index] ?? []).flat();
      const last = (input.last[index] ?? []).flat();
      expect(own.length).toBe(count * 4);
      expect(own.slice(0, first.length)).toEqual(first);
      expect(own.slice(own.length - last.length)).toEqual(last);
      expect(own.reduce((sum, value) => sum + value, 0)).toBeCloseTo(input.sum[index] ?? 0, 6);
      const flags = valid.slice(level.start, level.start + count);
      expect(flags.reduce((sum, flag) => sum + flag, 0)).toBe(input.valid_count[index]);
    }
  });
});

describe.skipIf(!existsSync(UPSTREAM))(`${UPSTREAM} (skipped where it is absent)`, () => {
  test('RetinaNet base anchors and valid counts of MMDetection’s own test', () => {
    const file = upstreamFile.parse(JSON.parse(readFileSync(UPSTREAM, 'utf8')));
    const expectedBase = file.test_retina_anchor.flatMap(
      ({ expected_base_anchors }) => expected_base_anchors ?? [],
    );
    const expectedValid = file.test_retina_anchor.flatMap(
      ({ expected_valid_pixels }) => expected_valid_pixels ?? [],
    );
    expect(expectedBase.length).toBe(5);
    const base = baseAnchors(retina);
    for (const [level, want] of expectedBase.entries()) {
      for (const [index, value] of want.flat().entries()) {
        expect(base[level]?.[index]).toBeCloseTo(value, 4);
      }
    }
    const sides = [80, 40, 20, 10, 5];
    const { levels } = anchorGrid(
      retina,
      sides.map((side) => ({ height: side, width: side })),
    );
    const valid = anchorValidFlagsReference(levels, { height: 640, width: 640 });
    const counts = levels.map(({ start }, index) =>
      valid.slice(start, levels[index + 1]?.start).reduce((sum, flag) => sum + flag, 0),
    );
    expect(counts).toEqual(expectedValid);
  });
});
