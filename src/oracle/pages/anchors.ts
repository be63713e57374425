import { z } from 'zod';
import { anchorGrid, baseAnchors } from '../../models/task-modules/anchors/anchor-generator.ts';
import type { AnchorGeneratorSpec } from '../../models/task-modules/anchors/anchor-generator.ts';
import { anchorValidFlagsReference } from '../../ops/anchor-valid-flags/anchor-valid-flags.reference.ts';
import { anchorValidFlags } from '../../ops/anchor-valid-flags/anchor-valid-flags.ts';
import type { AnchorLevel, HeightWidth } from '../../ops/anchor-valid-flags/anchor-levels.ts';
import { ints, readOneOnGpu } from '../on-gpu.ts';
import type { OraclePage } from '../page.ts';
import { skippedCase } from '../page.ts';
import { close, exact, pageCase } from '../page-case.ts';
import { numbers, pair, rows } from '../page-schemas.ts';
import type { OracleCase, Twin } from '../oracle-case.ts';
import { runTwin } from '../oracle-case.ts';

const config = z.object({
  strides: z.array(z.union([z.number(), pair])),
  ratios: numbers,
  scales: numbers.optional(),
  octave_base_scale: z.number().optional(),
  scales_per_octave: z.number().optional(),
  base_sizes: numbers.optional(),
  scale_major: z.boolean().optional(),
  centers: z.array(pair).optional(),
  center_offset: z.number().optional(),
});

function specOf(cfg: z.infer<typeof config>): AnchorGeneratorSpec {
  return {
    strides: cfg.strides,
    ratios: cfg.ratios,
    scales: cfg.scales,
    octaveBaseScale: cfg.octave_base_scale,
    scalesPerOctave: cfg.scales_per_octave,
    baseSizes: cfg.base_sizes,
    scaleMajor: cfg.scale_major,
    centers: cfg.centers,
    centerOffset: cfg.center_offset,
  };
}

const pageSchema = z.object({
  cases: z.array(
    z.object({
      name: z.string(),
      cfg: config,
      featmap_sizes_hw: z.array(pair),
      pad_shape_hw: pair,
      num_base: numbers,
      base_anchors: z.array(rows),
      n_per_level: numbers,
      first: z.array(rows),
      last: z.array(rows),
      sum: numbers,
      valid_count: numbers,
    }),
  ),
});

interface Validity {
  readonly levels: readonly AnchorLevel[];
  readonly padShape: HeightWidth;
}

/** Flags of all anchors of one image. */
const validTwin: Twin<Validity, ArrayLike<number>> = {
  async webgpu({ levels, padShape }) {
    const { data } = await readOneOnGpu(() =>
      anchorValidFlags(ints([padShape.height, padShape.width], [1, 2]).as2D(1, 2), levels),
    );
    return data;
  },
  reference: ({ levels, padShape }) => anchorValidFlagsReference(levels, padShape),
};

function countPerLevel(flags: ArrayLike<number>, levels: readonly AnchorLevel[]): number[] {
  return levels.map(({ start }, index) =>
    Array.from(flags)
      .slice(start, levels[index + 1]?.start)
      .reduce((sum, flag) => sum + flag, 0),
  );
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}

/** Anchors that MMDetection itself made: the base, both ends of each level, its sum, and how many are valid. */
export const anchorsPage: OraclePage = {
  page: 'anchors',
  cases: (document) =>
    pageSchema.parse(document).cases.map((item): OracleCase => {
      const spec = specOf(item.cfg);
      return pageCase({
        op: 'anchors',
        name: item.name,
        wanted: {
          base_anchors: close(item.base_anchors.flat(2)),
          n_per_level: exact(item.n_per_level),
          first: close(item.first.flat(2)),
          last: close(item.last.flat(2)),
          sum: close(item.sum),
          valid_count: exact(item.valid_count),
        },
        async run(backend) {
          const sizes = item.featmap_sizes_hw.map(([height, width]) => ({ height, width }));
          const { anchors, levels } = anchorGrid(spec, sizes);
          const perLevel = levels.map(({ start, height, width, perCell }) =>
            anchors.subarray(start * 4, (start + height * width * perCell) * 4),
          );
          const [height, width] = item.pad_shape_hw;
          const flags = await runTwin(validTwin, backend, { levels, padShape: { height, width } });
          return {
            base_anchors: baseAnchors(spec).flatMap((base) => [...base]),
            n_per_level: perLevel.map((level) => level.length / 4),
            first: perLevel.flatMap((level, i) => [
              ...level.subarray(0, (item.first[i]?.length ?? 0) * 4),
            ]),
            last: perLevel.flatMap((level, i) => [
              ...level.subarray(level.length - (item.last[i]?.length ?? 0) * 4),
            ]),
            sum: perLevel.map(sum),
            valid_count: countPerLevel(flags, levels),
          };
        },
      });
    }),
};

const upstreamSchema = z.object({
  test_retina_anchor: z.array(
    z.object({
      expected_base_anchors: z.array(rows).optional(),
      expected_valid_pixels: numbers.optional(),
    }),
  ),
});

/** The generator of MMDetection's test_retina_anchor; its page says it in words. */
const RETINA: AnchorGeneratorSpec = {
  strides: [8, 16, 32, 64, 128],
  ratios: [0.5, 1, 2],
  octaveBaseScale: 4,
  scalesPerOctave: 3,
};
/** Its maps cover 640 × 640 pixels. */
const RETINA_SIDES = [80, 40, 20, 10, 5];

const NOT_OURS: Readonly<Record<string, string>> = {
  test_ssd_anchor_generator: 'SSD’s generator',
  test_yolo_anchor_generator: 'YOLO’s generator',
  test_guided_anchor: 'guided anchoring',
};

/** Numbers that stand in MMDetection's own tests, to four decimals. */
export const upstreamAnchorsPage: OraclePage = {
  page: 'anchor_tests_upstream',
  cases(document) {
    const page = upstreamSchema.parse(document);
    const entries = page.test_retina_anchor;
    const retina = pageCase({
      op: 'anchors',
      name: 'test_retina_anchor',
      wanted: {
        base_anchors: close(
          entries.flatMap(({ expected_base_anchors: base }) => base?.flat(2) ?? []),
          { absolute: 5e-5, relative: 0 },
        ),
        valid_pixels: exact(entries.flatMap(({ expected_valid_pixels: counts }) => counts ?? [])),
      },
      async run(backend) {
        const sizes = RETINA_SIDES.map((side) => ({ height: side, width: side }));
        const { levels } = anchorGrid(RETINA, sizes);
        const padShape = { height: 640, width: 640 };
        const flags = await runTwin(validTwin, backend, { levels, padShape });
        return {
          base_anchors: baseAnchors(RETINA).flatMap((base) => [...base]),
          valid_pixels: countPerLevel(flags, levels),
        };
      },
    });
    return [retina, ...upstreamStrides(document), ...upstreamSkips(document)];
  },
};

const stridesSchema = z.object({
  test_strides: z.array(z.object({ expected_anchors: rows.optional() })).optional(),
});

/** One square anchor of 10 pixels on a 2 × 2 map, with a stride of 10 and of (10, 20). */
const STRIDES = [10, [10, 20]] as const;

function upstreamStrides(document: unknown): readonly OracleCase[] {
  const { test_strides: tests = [] } = stridesSchema.parse(document);
  return tests.flatMap(({ expected_anchors: expected }, index) => {
    const stride = STRIDES[index];
    if (expected === undefined || stride === undefined) return [];
    return pageCase({
      op: 'anchors',
      name: `test_strides ${index}`,
      onHost: true,
      wanted: { anchors: close(expected.flat()) },
      run: () =>
        Promise.resolve({
          anchors: anchorGrid({ strides: [stride], ratios: [1], scales: [1], baseSizes: [10] }, [
            { height: 2, width: 2 },
          ]).anchors,
        }),
    });
  });
}

function upstreamSkips(document: unknown): readonly OracleCase[] {
  const names = Object.keys(z.record(z.string(), z.unknown()).parse(document));
  return names.flatMap((name) => {
    const reason = NOT_OURS[name];
    return reason === undefined ? [] : [skippedCase('anchors', name, reason)];
  });
}
