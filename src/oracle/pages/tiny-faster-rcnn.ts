import { z } from 'zod';
import { compareBoxes } from '../models/evaluation-cases.ts';
import { fasterRcnnOf } from '../models/options-from-shapes.ts';
import type { RcnnNumbers } from '../models/options-from-shapes.ts';
import type { OraclePage } from '../page.ts';
import { skippedCase } from '../page.ts';
import { numbers, rows } from '../page-schemas.ts';
import {
  compareLosses,
  compareSummaries,
  found,
  foundOf,
  maker,
  modelCase,
  pageSchema,
  perLevel,
  shapesOf,
  sharedCases,
  summary,
} from './tiny-detectors.ts';

const rcnnSchema = pageSchema.extend({
  rpn_cls: z.array(summary),
  rpn_reg: z.array(summary),
  train_proposals: z.array(z.object({ bboxes: rows, scores: numbers })),
  losses: perLevel,
  predict: z.array(found),
});

/** "rpn_proposal nms_pre 200 max_per_img 50 …; test rpn nms_pre 100 max 30", and a sampler that takes everything. */
function rcnnNumbers(model: string): RcnnNumbers {
  const read = (pattern: RegExp) => {
    const [, nmsPre, maxPerImg] = pattern.exec(model) ?? [];
    if (nmsPre === undefined || maxPerImg === undefined) {
      throw new Error(`the description ${JSON.stringify(model)} is not understood`);
    }
    return { nmsPre: Number(nmsPre), maxPerImg: Number(maxPerImg) };
  };
  return {
    samples: Number(/RandomSampler num=([\de]+)/.exec(model)?.[1] ?? Number.NaN),
    train: read(/rpn_proposal nms_pre (\d+) max_per_img (\d+)/),
    test: read(/test rpn nms_pre (\d+) max (\d+)/),
  };
}

/** MMDetection 3.3.0 itself, run on a tiny Faster R-CNN. */
export const tinyFasterRcnnPage: OraclePage = {
  page: 'tiny_faster_rcnn_r18',
  cases(document) {
    const page = rcnnSchema.parse(document);
    const op = 'tiny_faster_rcnn';
    const make = maker(page, fasterRcnnOf(shapesOf(page), rcnnNumbers(page.model)));
    return [
      modelCase(op, 'features', make, async (model) => {
        const { pyramid, cls, reg } = await model.evaluate();
        return [
          ...compareSummaries('neck', pyramid, page.neck),
          ...compareSummaries('rpn_cls', cls, page.rpn_cls),
          ...compareSummaries('rpn_reg', reg, page.rpn_reg),
        ];
      }),
      modelCase(op, 'train_proposals', make, async (model) => {
        const internals = await model.internals();
        return page.train_proposals.flatMap(({ bboxes, scores }, image) => {
          const proposals = internals[image]?.second?.proposals;
          if (proposals === undefined) throw new Error(`no proposals of image ${image}`);
          const labels = scores.map(() => 0);
          const got = { ...proposals, labels: new Float32Array(proposals.scores.length) };
          return compareBoxes(`image ${image}`, { boxes: bboxes.flat(), scores, labels }, got);
        });
      }),
      modelCase(op, 'losses', make, async (model) =>
        compareLosses((await model.firstStep()).losses, page.losses),
      ),
      modelCase(op, 'predict', make, async (model) => {
        const { detections } = await model.evaluate();
        return page.predict.flatMap((want, image) => {
          const got = detections[image];
          if (got === undefined) throw new Error(`no detections of image ${image}`);
          return compareBoxes(`image ${image}`, foundOf(want), got);
        });
      }),
      skippedCase(op, 'roi_sample', 'its RoIs are no sample of a step; see losses and predict'),
      ...sharedCases(op, page, make),
    ];
  },
};
