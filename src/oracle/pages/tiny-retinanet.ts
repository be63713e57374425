import { z } from 'zod';
import { compareBoxes } from '../models/evaluation-cases.ts';
import type { ModelUnderTest } from '../models/model-under-test.ts';
import { retinaNetOf } from '../models/options-from-shapes.ts';
import type { Comparison } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { skippedCase } from '../page.ts';
import { pair, rows } from '../page-schemas.ts';
import {
  compareLosses,
  compareSummaries,
  found,
  foundOf,
  inputsOf,
  maker,
  modelCase,
  pageSchema,
  perLevel,
  shapesOf,
  sharedCases,
  summary,
} from './tiny-detectors.ts';

const retinaSchema = pageSchema.extend({
  feats: z.array(summary),
  cls_score: z.array(summary),
  bbox_pred: z.array(summary),
  targets: z.object({
    avg_factor: z.number(),
    pos_per_level: rows,
    ignored_per_level: rows,
    pos_flat_index_level_label: z.array(z.array(z.tuple([z.number(), z.number(), z.number()]))),
  }),
  losses_per_level: perLevel,
  scale_factor: pair,
  predict_rescale_false: z.array(found),
  predict_rescale_true_first5: z.array(rows),
  empty_gt_image0: perLevel,
  giou_reg_decoded: perLevel,
});

async function retinaTargets(
  model: ModelUnderTest,
  page: z.infer<typeof retinaSchema>,
): Promise<Comparison[]> {
  const { anchors } = await model.evaluate();
  const internals = await model.internals();
  const ends = anchors.map((_, level) =>
    anchors.slice(0, level + 1).reduce((sum, { length }) => sum + length / 4, 0),
  );
  const { targets } = page;
  const images = internals.map(({ assigned }, image) => {
    const levels = ends.map((end, level) => assigned.slice(ends[level - 1] ?? 0, end));
    return {
      positives: levels.map((own) => own.filter((gt) => gt >= 0).length),
      ignored: levels.map((own) => own.filter((gt) => gt === -2).length),
      each: levels.flatMap((own, level) =>
        own.flatMap((gt, index) =>
          gt < 0 ? [] : [level, index, page.gt_labels[image]?.[gt] ?? -1],
        ),
      ),
    };
  });
  const exact = (what: string, got: number[], want: number[]): Comparison => ({
    what,
    got,
    want,
    tolerance: 'exact',
  });
  return [
    exact(
      'avg_factor',
      [
        images.reduce(
          (sum, { positives }) =>
            sum +
            Math.max(
              positives.reduce((total, own) => total + own, 0),
              1,
            ),
          0,
        ),
      ],
      [targets.avg_factor],
    ),
    exact(
      'pos_per_level',
      images.flatMap(({ positives }) => positives),
      targets.pos_per_level.flat(),
    ),
    exact(
      'ignored_per_level',
      images.flatMap(({ ignored }) => ignored),
      targets.ignored_per_level.flat(),
    ),
    exact(
      'pos_flat_index_level_label',
      images.flatMap(({ each }) => each),
      targets.pos_flat_index_level_label.flat(2),
    ),
  ];
}

/** MMDetection 3.3.0 itself, run on a tiny RetinaNet. */
export const tinyRetinaNetPage: OraclePage = {
  page: 'tiny_retinanet_r18',
  cases(document) {
    const page = retinaSchema.parse(document);
    const op = 'tiny_retinanet';
    const options = retinaNetOf(shapesOf(page));
    const make = maker(page, options);
    const inputs = inputsOf(page);
    const [, ...others] = inputs.targets;
    const withoutFirst = {
      ...inputs,
      targets: [{ boxes: new Float32Array(), labels: [] }, ...others],
    };
    // The page leaves the loss weight out; 2 is that of MMDetection's dense heads with GIoULoss (ATSS, GFL).
    const giou = { type: 'GIoULoss', lossWeight: 2, eps: 1e-6 } as const;
    return [
      modelCase(op, 'features', make, async (model) => {
        const { backbone, pyramid, cls, reg } = await model.evaluate();
        return [
          ...compareSummaries('feats', backbone, page.feats),
          ...compareSummaries('neck', pyramid, page.neck),
          ...compareSummaries('cls_score', cls, page.cls_score),
          ...compareSummaries('bbox_pred', reg, page.bbox_pred),
        ];
      }),
      modelCase(op, 'targets', make, (model) => retinaTargets(model, page)),
      modelCase(op, 'losses', make, async (model) =>
        compareLosses((await model.firstStep()).losses, page.losses_per_level),
      ),
      modelCase(op, 'empty_gt_image0', maker(page, options, withoutFirst), async (model) =>
        compareLosses((await model.firstStep()).losses, page.empty_gt_image0),
      ),
      modelCase(
        op,
        'giou_reg_decoded',
        maker(page, { ...options, lossBbox: giou }),
        async (model) => compareLosses((await model.firstStep()).losses, page.giou_reg_decoded),
      ),
      modelCase(op, 'predict', make, async (model) => {
        const { detections } = await model.evaluate();
        return page.predict_rescale_false.flatMap((want, image) => {
          const got = detections[image];
          if (got === undefined) throw new Error(`no detections of image ${image}`);
          return compareBoxes(`image ${image}`, foundOf(want), got);
        });
      }),
      skippedCase(op, 'predict_rescale_true_first5', 'the same boxes, divided by a factor'),
      ...sharedCases(op, page, make),
    ];
  },
};
