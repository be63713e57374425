import { z } from 'zod';
import { assignTwin, toGtInds } from '../ops/assigners.ts';
import { boxOverlaps } from '../ops/boxes.ts';
import type { MaxIouAssignOptions } from '../../ops/matcher/max-iou-assign.ts';
import type { OracleCase } from '../oracle-case.ts';
import { runTwin } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { close, exact, pageCase } from '../page-case.ts';
import { numbers, pair, rows } from '../page-schemas.ts';

const config = z.object({
  pos_iou_thr: z.number(),
  neg_iou_thr: z.union([z.number(), pair]),
  min_pos_iou: z.number().optional(),
  match_low_quality: z.boolean().optional(),
  gt_max_assign_all: z.boolean().optional(),
  ignore_iof_thr: z.number().optional(),
  ignore_wrt_candidates: z.boolean().optional(),
});

const pageSchema = z.object({
  priors: rows,
  gt_bboxes: rows,
  gt_labels: numbers,
  gt_ignore: rows,
  cases: z.array(
    z.object({
      name: z.string(),
      cfg: config,
      use_ignore: z.boolean(),
      n_gt: z.number(),
      gt_inds: numbers,
      labels: numbers,
      max_overlaps: numbers,
    }),
  ),
  from_tests: z.array(
    z.object({
      cfg: config.optional(),
      also_neg_iou_thr: pair.optional(),
      priors: rows.optional(),
      gt: rows.optional(),
      labels: numbers.optional(),
      ignore: rows.optional(),
      gt_inds: numbers.optional(),
    }),
  ),
  iou: z.object({ a: rows, b: rows, iou: rows, iof: rows, giou: rows }).optional(),
});

type Page = z.infer<typeof pageSchema>;

function optionsOf(cfg: z.infer<typeof config>): MaxIouAssignOptions {
  return {
    posIouThr: cfg.pos_iou_thr,
    negIouThr: cfg.neg_iou_thr,
    minPosIou: cfg.min_pos_iou ?? 0,
    matchLowQuality: cfg.match_low_quality ?? true,
    gtMaxAssignAll: cfg.gt_max_assign_all ?? true,
    ignoreIofThr: cfg.ignore_iof_thr ?? -1,
    ignoreWrtCandidates: cfg.ignore_wrt_candidates ?? true,
  };
}

interface Assignment {
  readonly name: string;
  readonly options: MaxIouAssignOptions;
  readonly priors: readonly (readonly number[])[];
  readonly gts: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly ignore: readonly (readonly number[])[];
  readonly wanted: {
    readonly gtInds: readonly number[];
    readonly labels?: readonly number[];
    readonly maxOverlaps?: readonly number[];
  };
}

function assignCase(item: Assignment): OracleCase {
  const { name, options, priors, gts, ignore, wanted } = item;
  return pageCase({
    op: 'max_iou_assigner',
    name,
    wanted: {
      gt_inds: exact(wanted.gtInds),
      ...(wanted.labels === undefined ? {} : { labels: exact(wanted.labels) }),
      ...(wanted.maxOverlaps === undefined ? {} : { max_overlaps: close(wanted.maxOverlaps) }),
    },
    async run(backend) {
      const { assigned, maxIou } = await runTwin(assignTwin, backend, {
        anchors: Float32Array.from(priors.flat()),
        gtBoxes: Float32Array.from(gts.flat()),
        gtLabels: item.labels,
        gtIgnoreBoxes: Float32Array.from(ignore.flat()),
        options,
        numClasses: Math.max(1, ...item.labels.map((label) => label + 1)),
      });
      return {
        gt_inds: toGtInds(assigned),
        // MMDetection gives −1 to what has no ground truth.
        labels: assigned.map((gt) => (gt < 0 ? -1 : (item.labels[gt] ?? -1))),
        max_overlaps: maxIou,
      };
    },
  });
}

function upstreamCases(tests: Page['from_tests']): readonly OracleCase[] {
  return tests.flatMap(({ cfg, also_neg_iou_thr, priors, gt, labels, ignore, gt_inds }, index) => {
    // A remark in words.
    if (cfg === undefined || priors === undefined || gt === undefined || gt_inds === undefined) {
      return [];
    }
    const configs = [
      cfg,
      ...(also_neg_iou_thr === undefined ? [] : [{ ...cfg, neg_iou_thr: also_neg_iou_thr }]),
    ];
    return configs.map((own, variant) =>
      assignCase({
        name: `from_tests ${index}${variant === 0 ? '' : ' with a range of negatives'}`,
        options: optionsOf(own),
        priors,
        gts: gt,
        labels: labels ?? gt.map(() => 0),
        ignore: ignore ?? [],
        wanted: { gtInds: gt_inds },
      }),
    );
  });
}

function overlapsCase(item: NonNullable<Page['iou']>): OracleCase {
  const input = { a: Float32Array.from(item.a.flat()), b: Float32Array.from(item.b.flat()) };
  return pageCase({
    op: 'bbox_overlaps',
    name: 'iou',
    wanted: {
      iou: close(item.iou.flat()),
      iof: close(item.iof.flat()),
      giou: close(item.giou.flat()),
    },
    run: (backend) => runTwin(boxOverlaps, backend, input),
  });
}

/** MMDetection's `MaxIoUAssigner`, and its `bbox_overlaps`. */
export const assignerPage: OraclePage = {
  page: 'max_iou_assigner',
  cases(document) {
    const page = pageSchema.parse(document);
    return [
      ...page.cases.map((item) =>
        assignCase({
          name: item.name,
          options: optionsOf(item.cfg),
          priors: page.priors,
          gts: page.gt_bboxes.slice(0, item.n_gt),
          labels: page.gt_labels.slice(0, item.n_gt),
          ignore: item.use_ignore ? page.gt_ignore : [],
          wanted: {
            gtInds: item.gt_inds,
            labels: item.labels,
            maxOverlaps: item.max_overlaps,
          },
        }),
      ),
      ...upstreamCases(page.from_tests),
      ...(page.iou === undefined ? [] : [overlapsCase(page.iou)]),
    ];
  },
};
