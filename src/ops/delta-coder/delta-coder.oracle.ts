import { z } from 'zod';
import { readCasepack, readOracleJson } from '../oracle/casepack.ts';
import type { HeightWidthPair } from './delta-coder.reference.ts';
import type { DecodeOptions } from './delta-coder.ts';

/** One coder config with what MMDetection, or a restatement of it, made of it. Used by tests only. */
export interface CoderOracle {
  readonly name: string;
  readonly options: DecodeOptions;
  readonly anchors: readonly number[];
  readonly gtBoxes: readonly number[];
  readonly encoded: readonly number[];
  readonly deltas: readonly number[];
  readonly maxShape: HeightWidthPair;
  readonly decoded: readonly number[];
  readonly decodedUnclipped?: readonly number[];
}

const fours = z.array(z.array(z.number()));
const fourNumbers = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const pair = z.tuple([z.number(), z.number()]);
const coderFile = z.object({
  rois: fours,
  gts: fours,
  cases: z.array(
    z.object({
      name: z.string(),
      cfg: z.object({
        target_means: fourNumbers.optional(),
        target_stds: fourNumbers.optional(),
        clip_border: z.boolean().optional(),
        add_ctr_clamp: z.boolean().optional(),
        ctr_clamp: z.number().optional(),
      }),
      encoded: fours,
      deltas: fours,
      max_shape_hw: pair,
      decoded: fours,
    }),
  ),
});

/** Cases of both oracle files; undefined where they are absent. */
export async function readCoderOracle(): Promise<readonly CoderOracle[] | undefined> {
  const json = await readOracleJson('mmdet/delta_xywh_coder.json');
  const pack = await readCasepack('ops/assign');
  if (json === undefined || pack === undefined) return undefined;
  const file = coderFile.parse(json);
  const mmdet = file.cases.map(({ name, cfg, encoded, deltas, max_shape_hw, decoded }) => ({
    name: `MMDetection ${name}`,
    options: {
      means: cfg.target_means ?? [0, 0, 0, 0],
      stds: cfg.target_stds ?? [1, 1, 1, 1],
      clipBorder: cfg.clip_border ?? true,
      addCtrClamp: cfg.add_ctr_clamp ?? false,
      ctrClamp: cfg.ctr_clamp ?? 32,
    } satisfies DecodeOptions,
    anchors: file.rois.flat(),
    gtBoxes: file.gts.flat(),
    encoded: encoded.flat(),
    deltas: deltas.flat(),
    maxShape: max_shape_hw,
    decoded: decoded.flat(),
  }));
  const restated = pack
    .filter(({ op }) => op === 'mmdet_delta_coder')
    .map((item): CoderOracle => {
      const list = (key: string) => Array.from(item.array(key).data);
      return {
        name: `casepack ${item.name}`,
        options: {
          means: fourNumbers.parse(item.numbers('means')),
          stds: fourNumbers.parse(item.numbers('stds')),
          whRatioClip: item.number('wh_ratio_clip'),
        },
        anchors: list('anchors'),
        gtBoxes: list('gts'),
        encoded: list('encoded'),
        deltas: list('deltas'),
        maxShape: [item.number('max_h'), item.number('max_w')],
        decoded: list('decoded'),
        decodedUnclipped: list('decoded_unclipped'),
      };
    });
  return [...mmdet, ...restated];
}
