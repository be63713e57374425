import { z } from 'zod';
import { averagePrecision } from '../../eval/voc-map/average-precision.ts';
import { evalMap } from '../../eval/voc-map/eval-map.ts';
import type { EvalImage } from '../../eval/voc-map/eval-map.ts';
import { matchDetections } from '../../eval/voc-map/match-detections.ts';
import type { ResultKind } from '../judge.ts';
import type { OracleCase } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { close, exact, pageCase } from '../page-case.ts';
import { numbers, rows } from '../page-schemas.ts';

const pageSchema = z.object({
  /** [image][class][detection]: x1, y1, x2, y2, score. */
  dets_per_image_per_class_xyxys: z.array(z.array(rows)),
  annotations: z.array(
    z.object({ bboxes: rows, labels: numbers, bboxes_ignore: rows, labels_ignore: numbers }),
  ),
  cases: z.array(
    z.object({
      eval_mode: z.enum(['area', '11points']),
      use_legacy_coordinate: z.boolean(),
      iou_thr: z.number(),
      mean_ap: z.number(),
      per_class: z.array(
        z.object({
          num_gts: z.number(),
          num_dets: z.number(),
          ap: z.number(),
          recall: numbers,
          precision: numbers,
        }),
      ),
    }),
  ),
  average_precision: z.array(
    z.object({ recalls: numbers, precisions: numbers, area: z.number(), p11: z.number() }),
  ),
});

type Page = z.infer<typeof pageSchema>;

/** MMDetection computes these in float32. */
const RATES: ResultKind = { absolute: 1e-6, relative: 0 };

function imagesOf(page: Page): EvalImage[] {
  return page.annotations.map((gt, image) => {
    const perClass = page.dets_per_image_per_class_xyxys[image] ?? [];
    const found = perClass.flatMap((list, label) => list.map((det) => ({ det, label })));
    return {
      detections: {
        boxes: found.flatMap(({ det }) => det.slice(0, 4)),
        scores: found.map(({ det }) => det[4] ?? Number.NaN),
        labels: found.map(({ label }) => label),
      },
      groundTruth: {
        boxes: [...gt.bboxes, ...gt.bboxes_ignore].flat(),
        labels: [...gt.labels, ...gt.labels_ignore],
        flags: [...gt.bboxes.map(() => 0), ...gt.bboxes_ignore.map(() => 1)],
      },
    };
  });
}

function mapCase(images: readonly EvalImage[], item: Page['cases'][number]): OracleCase {
  const { per_class: perClass } = item;
  return pageCase({
    op: 'eval_map',
    name: `${item.eval_mode}${item.use_legacy_coordinate ? ', legacy' : ''}, IoU ${item.iou_thr}`,
    onHost: true,
    wanted: {
      mean_ap: close([item.mean_ap], RATES),
      num_gts: exact(perClass.map(({ num_gts }) => num_gts)),
      num_dets: exact(perClass.map(({ num_dets }) => num_dets)),
      ap: close(
        perClass.map(({ ap }) => ap),
        RATES,
      ),
      recall: close(
        perClass.flatMap(({ recall }) => recall),
        RATES,
      ),
      precision: close(
        perClass.flatMap(({ precision }) => precision),
        RATES,
      ),
    },
    run() {
      const result = evalMap(images, {
        numClasses: perClass.length,
        iouThr: item.iou_thr,
        mode: item.eval_mode,
        legacyCoordinates: item.use_legacy_coordinate,
      });
      return Promise.resolve({
        mean_ap: [result.meanAp ?? Number.NaN],
        num_gts: result.perClass.map(({ numGts }) => numGts),
        num_dets: result.perClass.map(({ numDets }) => numDets),
        ap: result.perClass.map(({ ap }) => ap ?? Number.NaN),
        recall: result.perClass.flatMap(({ recall }) => [...recall]),
        precision: result.perClass.flatMap(({ precision }) => [...precision]),
      });
    },
  });
}

function averageCase(item: Page['average_precision'][number], index: number): OracleCase {
  const { recalls, precisions, area, p11 } = item;
  return pageCase({
    op: 'average_precision',
    name: `average_precision ${index}`,
    onHost: true,
    wanted: { area: close([area], RATES), p11: close([p11], RATES) },
    run: () =>
      Promise.resolve({
        area: [averagePrecision(recalls, precisions, 'area')],
        p11: [averagePrecision(recalls, precisions, '11points')],
      }),
  });
}

const testsSchema = z.object({
  from_tests: z.object({
    'det_bboxes(no score; last coord used as score)': rows,
    gt: rows,
    ignore: rows,
    tpfp_default: z.object({ tp: rows }),
  }),
});

/** MMDetection's own test gives no scores: it takes the last coordinate for one. */
function upstreamCase(document: unknown): readonly OracleCase[] {
  const parsed = testsSchema.safeParse(document);
  if (!parsed.success) return [];
  const { from_tests: tests } = parsed.data;
  const dets = tests['det_bboxes(no score; last coord used as score)'];
  return [
    pageCase({
      op: 'tpfp_default',
      name: 'from_tests',
      onHost: true,
      wanted: { tp: exact(tests.tpfp_default.tp.flat()) },
      run: () =>
        Promise.resolve({
          tp: matchDetections(
            { boxes: dets.flat(), scores: dets.map((det) => det[3] ?? Number.NaN) },
            {
              boxes: [...tests.gt, ...tests.ignore].flat(),
              ignored: [...tests.gt.map(() => 0), ...tests.ignore.map(() => 1)],
            },
            0.5,
            0,
          ),
        }),
    }),
  ];
}

/** MMDetection's `eval_map`. */
export const vocMapPage: OraclePage = {
  page: 'voc_map',
  cases(document) {
    const page = pageSchema.parse(document);
    const images = imagesOf(page);
    return [
      ...page.cases.map((item) => mapCase(images, item)),
      ...page.average_precision.map(averageCase),
      ...upstreamCase(document),
    ];
  },
};
