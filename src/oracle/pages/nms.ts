import { z } from 'zod';
import { keepBestTwin, nmsTwin, softNmsTwin } from '../ops/nms.ts';
import type { OracleCase } from '../oracle-case.ts';
import { runTwin } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { skippedCase } from '../page.ts';
import { close, exact, pageCase } from '../page-case.ts';
import { numbers, rows } from '../page-schemas.ts';

const batchedInput = z.object({ boxes: rows, scores: numbers, idxs: numbers });

/** Rows of dets are x1, y1, x2, y2, score. */
const kept = z.object({ dets: rows, inds: numbers });

const softNms = z.object({
  iou_threshold: z.number(),
  sigma: z.number(),
  min_score: z.number(),
  linear: kept.optional(),
  gaussian: kept.optional(),
  naive: kept.optional(),
});

const multiclassNms = z.object({
  /** [n, 4 · classes] */
  multi_bboxes: rows,
  /** [n, classes + 1]; the last is the background's. */
  multi_scores: rows,
  score_thr: z.number(),
  nms: z.object({ iou_threshold: z.number(), class_agnostic: z.boolean().optional() }),
  max_num: z.number(),
  dets: rows,
  labels: numbers,
});

const pageSchema = z.object({
  from_tests: z.object({
    boxes: rows,
    scores: numbers,
    iou_threshold: z.number(),
    keep: numbers,
    soft_nms: softNms.optional(),
    nms_match: z.unknown().optional(),
  }),
  batched: z.array(
    z.object({
      cfg: z.object({ iou_threshold: z.number(), class_agnostic: z.boolean().optional() }),
      keep: numbers,
      scores: numbers,
    }),
  ),
  batched_input: batchedInput,
  multiclass_nms: multiclassNms.optional(),
});

interface NmsCase {
  readonly name: string;
  readonly boxes: readonly (readonly number[])[];
  readonly scores: readonly number[];
  readonly classes: readonly number[] | null;
  readonly iouThreshold: number;
  readonly keep: readonly number[];
  readonly keptScores?: readonly number[];
}

function nmsCase(op: string, item: NmsCase): OracleCase {
  const { boxes, scores, classes, iouThreshold, keep, keptScores } = item;
  return pageCase({
    op,
    name: item.name,
    wanted: {
      keep: exact(keep),
      ...(keptScores === undefined ? {} : { scores: close(keptScores) }),
    },
    async run(backend) {
      const result = await runTwin(nmsTwin, backend, {
        boxes: Float32Array.from(boxes.flat()),
        scores: Float32Array.from(scores),
        classes: classes === null ? null : Int32Array.from(classes),
        iouThreshold,
      });
      const kept = Array.from(result.keep, (index) => scores[index] ?? Number.NaN);
      return { keep: result.keep, scores: kept };
    },
  });
}

const METHODS = ['linear', 'gaussian', 'naive'] as const;

function softNmsCases(
  boxes: readonly (readonly number[])[],
  scores: readonly number[],
  item: z.infer<typeof softNms>,
): readonly OracleCase[] {
  return METHODS.flatMap((method) => {
    const wanted = item[method];
    if (wanted === undefined) return [];
    return pageCase({
      op: 'soft_nms',
      name: `from_tests ${method}`,
      wanted: {
        inds: exact(wanted.inds),
        scores: close(wanted.dets.map((det) => det[4] ?? Number.NaN)),
      },
      async run(backend) {
        const result = await runTwin(softNmsTwin, backend, {
          boxes: Float32Array.from(boxes.flat()),
          scores: Float32Array.from(scores),
          options: {
            method,
            iouThreshold: item.iou_threshold,
            sigma: item.sigma,
            minScore: item.min_score,
          },
        });
        return { inds: result.keep, scores: result.scores };
      },
    });
  });
}

function multiclassCase(item: z.infer<typeof multiclassNms>): OracleCase {
  // Every class of every box whose score is above the threshold, box after box.
  const candidates = item.multi_scores.flatMap((scores, row) =>
    scores.slice(0, -1).flatMap((score, label) => {
      if (!(Math.fround(score) > Math.fround(item.score_thr))) return [];
      return [{ box: item.multi_bboxes[row]?.slice(label * 4, label * 4 + 4) ?? [], score, label }];
    }),
  );
  const { iou_threshold: iouThreshold, class_agnostic: classAgnostic = false } = item.nms;
  return pageCase({
    op: 'multiclass_nms',
    name: 'multiclass_nms',
    wanted: {
      boxes: close(item.dets.flatMap((det) => det.slice(0, 4))),
      scores: close(item.dets.map((det) => det[4] ?? Number.NaN)),
      labels: exact(item.labels),
    },
    run: async (backend) => ({
      ...(await runTwin(keepBestTwin, backend, {
        candidates,
        nms: { iouThreshold, classAgnostic },
        maxPerImg: item.max_num,
      })),
    }),
  });
}

/** mmcv's `nms`, `batched_nms` and what is built on them. */
export const nmsPage: OraclePage = {
  page: 'nms',
  cases(document) {
    const page = pageSchema.parse(document);
    const { from_tests: tests, batched, batched_input: input } = page;
    return [
      nmsCase('nms', {
        ...tests,
        name: 'from_tests',
        classes: null,
        iouThreshold: tests.iou_threshold,
      }),
      ...(tests.soft_nms === undefined
        ? []
        : softNmsCases(tests.boxes, tests.scores, tests.soft_nms)),
      ...(tests.nms_match === undefined
        ? []
        : [skippedCase('nms', 'from_tests nms_match', 'no detector here uses nms_match')]),
      ...batched.map(({ cfg, keep, scores }) =>
        nmsCase('batched_nms', {
          ...input,
          name: JSON.stringify(cfg),
          classes: cfg.class_agnostic === true ? null : input.idxs,
          iouThreshold: cfg.iou_threshold,
          keep,
          keptScores: scores,
        }),
      ),
      ...(page.multiclass_nms === undefined ? [] : [multiclassCase(page.multiclass_nms)]),
    ];
  },
};

/** The threshold of mmcv's test on this page, which the page says in words. */
const MMCV_DATA_IOU = 0.7;

const mmcvSchema = batchedInput.extend({ keep: numbers });

/** The boxes of mmcv's own test of `batched_nms`. */
export const mmcvNmsPage: OraclePage = {
  page: 'mmcv_batched_nms_data',
  cases(document) {
    const page = mmcvSchema.parse(document);
    return [
      nmsCase('batched_nms', {
        ...page,
        name: 'mmcv_batched_nms_data',
        classes: page.idxs,
        iouThreshold: MMCV_DATA_IOU,
      }),
    ];
  },
};
