import { z } from 'zod';
import type { DecodeOptions } from '../../ops/delta-coder/delta-coder.ts';
import { decodeTwin, encodeTwin } from '../ops/coder.ts';
import type { OracleCase } from '../oracle-case.ts';
import { runTwin } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { close, pageCase } from '../page-case.ts';
import { fourNumbers, pair, rows } from '../page-schemas.ts';

const config = z.object({
  target_means: fourNumbers.optional(),
  target_stds: fourNumbers.optional(),
  clip_border: z.boolean().optional(),
  add_ctr_clamp: z.boolean().optional(),
  ctr_clamp: z.number().optional(),
});

const pageSchema = z.object({
  rois: rows,
  gts: rows,
  cases: z.array(
    z.object({
      name: z.string(),
      cfg: config,
      encoded: rows,
      deltas: rows,
      max_shape_hw: pair,
      decoded: rows,
      roundtrip: rows,
    }),
  ),
  class_specific: z
    .object({ rois: rows, deltas: rows, stds: fourNumbers, max_shape_hw: pair, decoded: rows })
    .optional(),
  from_tests: z
    .object({
      rois: rows,
      deltas: rows,
      max_shape_hw: pair,
      decoded: rows,
      atol: z.number(),
      ctr_clamp_2: z.object({ rois: rows, deltas: rows, decoded: rows }).optional(),
    })
    .optional(),
});

type Page = z.infer<typeof pageSchema>;

/** Pixels of images a few dozen wide: the last digits of float32 there. */
const PIXELS = { absolute: 2e-5, relative: 1e-4 };

function optionsOf(cfg: z.infer<typeof config>): DecodeOptions {
  return {
    means: cfg.target_means ?? [0, 0, 0, 0],
    stds: cfg.target_stds ?? [1, 1, 1, 1],
    addCtrClamp: cfg.add_ctr_clamp ?? false,
    ctrClamp: cfg.ctr_clamp ?? 32,
  };
}

function coderCase({ rois, gts }: Page, item: Page['cases'][number]): OracleCase {
  const options = optionsOf(item.cfg);
  const anchors = rois.flat();
  const maxShape = (item.cfg.clip_border ?? true) ? item.max_shape_hw : null;
  return pageCase({
    op: 'delta_xywh_coder',
    name: item.name,
    wanted: {
      encoded: close(item.encoded.flat()),
      decoded: close(item.decoded.flat(), PIXELS),
      roundtrip: close(item.roundtrip.flat(), PIXELS),
    },
    async run(backend) {
      const encoded = await runTwin(encodeTwin, backend, { anchors, boxes: gts.flat(), options });
      const decode = (deltas: ArrayLike<number>, shape: typeof maxShape) =>
        runTwin(decodeTwin, backend, { anchors, deltas, maxShape: shape, options });
      return {
        encoded,
        decoded: await decode(item.deltas.flat(), maxShape),
        // Without an image to clip to.
        roundtrip: await decode(item.encoded.flat(), null),
      };
    },
  });
}

/** Deltas of several classes per RoI, class after class. */
function classSpecificCase(item: NonNullable<Page['class_specific']>): OracleCase {
  const anchors = item.rois.flatMap((roi, row) =>
    Array.from({ length: (item.deltas[row]?.length ?? 0) / 4 }, () => roi).flat(),
  );
  return decodeCase('class_specific', anchors, item.deltas.flat(), item.decoded.flat(), {
    maxShape: item.max_shape_hw,
    options: { stds: item.stds },
    atol: PIXELS.absolute,
  });
}

function decodeCase(
  name: string,
  anchors: readonly number[],
  deltas: readonly number[],
  decoded: readonly number[],
  {
    maxShape,
    options,
    atol,
  }: {
    readonly maxShape: readonly [number, number];
    readonly options: DecodeOptions;
    readonly atol: number;
  },
): OracleCase {
  return pageCase({
    op: 'delta_xywh_coder',
    name,
    wanted: { decoded: close(decoded, { absolute: atol, relative: 1e-4 }) },
    run: async (backend) => ({
      decoded: await runTwin(decodeTwin, backend, { anchors, deltas, maxShape, options }),
    }),
  });
}

function upstreamCases(item: NonNullable<Page['from_tests']>): readonly OracleCase[] {
  const { atol, max_shape_hw: maxShape, ctr_clamp_2: clamp } = item;
  const plain = decodeCase(
    'from_tests',
    item.rois.flat(),
    item.deltas.flat(),
    item.decoded.flat(),
    { maxShape, options: {}, atol },
  );
  if (clamp === undefined) return [plain];
  const clamped = decodeCase(
    'from_tests ctr_clamp_2',
    clamp.rois.flat(),
    clamp.deltas.flat(),
    clamp.decoded.flat(),
    { maxShape, options: { addCtrClamp: true, ctrClamp: 2 }, atol },
  );
  return [plain, clamped];
}

/** MMDetection's `DeltaXYWHBBoxCoder`. */
export const deltaCoderPage: OraclePage = {
  page: 'delta_xywh_coder',
  cases(document) {
    const page = pageSchema.parse(document);
    return [
      ...page.cases.map((item) => coderCase(page, item)),
      ...(page.class_specific === undefined ? [] : [classSpecificCase(page.class_specific)]),
      ...(page.from_tests === undefined ? [] : upstreamCases(page.from_tests)),
    ];
  },
};
