import { z } from 'zod';
import { readCasepack, readOracleJson } from '../oracle/casepack.ts';
import type { AssignImage } from './max-iou-assign.reference.ts';
import type { MaxIouAssignOptions } from './max-iou-assign.ts';

/** A test case of `maxIouAssign`. */
export interface AssignCase {
  readonly name: string;
  readonly images: readonly AssignImage[];
  readonly options: MaxIouAssignOptions;
  readonly numClasses: number;
  /** Whether every image has its own anchors, and all of them are valid: proposals. Default false. */
  readonly proposals?: boolean;
  /** `assigned` of the first image, where it is known. */
  readonly expected?: readonly number[];
}

/** RetinaNet's assigner. */
export const retina: MaxIouAssignOptions = { posIouThr: 0.5, negIouThr: 0.4, minPosIou: 0 };

/** One image; every ground truth is of its own class, and every anchor valid, unless said otherwise. */
export function image(
  anchors: readonly (readonly number[])[],
  gt: readonly (readonly number[])[],
  labels: readonly number[] = gt.map((_, index) => index),
  valid: readonly number[] = anchors.map(() => 1),
): AssignImage {
  return {
    anchors: Float32Array.from(anchors.flat()),
    valid: Int32Array.from(valid),
    gtBoxes: Float32Array.from(gt.flat()),
    gtLabels: Int32Array.from(labels),
  };
}

const negIouThr = z.union([z.number(), z.tuple([z.number(), z.number()])]);
const config = z.object({
  pos_iou_thr: z.number(),
  neg_iou_thr: negIouThr,
  min_pos_iou: z.number().optional(),
  match_low_quality: z.boolean().optional(),
  gt_max_assign_all: z.boolean().optional(),
  ignore_iof_thr: z.number().optional(),
  ignore_wrt_candidates: z.boolean().optional(),
});
const boxes = z.array(z.array(z.number()));
const jsonFile = z.object({
  priors: boxes,
  gt_bboxes: boxes,
  gt_labels: z.array(z.number()),
  gt_ignore: boxes,
  cases: z.array(
    z.object({
      name: z.string(),
      cfg: config,
      use_ignore: z.boolean(),
      n_gt: z.number(),
      gt_inds: z.array(z.number()),
    }),
  ),
  // The last entry is only a note.
  from_tests: z.array(
    z
      .object({
        cfg: config,
        also_neg_iou_thr: negIouThr.optional(),
        priors: boxes,
        gt: boxes,
        labels: z.array(z.number()),
        ignore: boxes.default([]),
        gt_inds: z.array(z.number()),
      })
      .or(z.object({ note: z.string() })),
  ),
});

/** MMDetection's defaults filled in. */
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

/** MMDetection 3.3's own results, and the numbers of its unit tests. */
export async function mmdetCases(): Promise<AssignCase[] | undefined> {
  const json = await readOracleJson('mmdet/max_iou_assigner.json');
  if (json === undefined) return undefined;
  const file = jsonFile.parse(json);
  const ran = file.cases.map(({ name, cfg, use_ignore, n_gt, gt_inds }) => ({
    name: `MMDetection ${name}`,
    images: [
      {
        ...image(file.priors, file.gt_bboxes.slice(0, n_gt), file.gt_labels.slice(0, n_gt)),
        gtIgnoreBoxes: Float32Array.from(use_ignore ? file.gt_ignore.flat() : []),
      },
    ],
    options: optionsOf(cfg),
    numClasses: 3,
    expected: fromGtInds(gt_inds),
  }));
  const fromTests = file.from_tests.flatMap((item, index) => {
    if ('note' in item) return [];
    const { cfg, also_neg_iou_thr: also, priors, gt, labels, ignore, gt_inds } = item;
    return [cfg, ...(also === undefined ? [] : [{ ...cfg, neg_iou_thr: also }])].map((options) => ({
      name: `MMDetection's own test ${index}, negative ${String(options.neg_iou_thr)}`,
      images: [{ ...image(priors, gt, labels), gtIgnoreBoxes: Float32Array.from(ignore.flat()) }],
      options: optionsOf(options),
      numClasses: 4,
      expected: fromGtInds(gt_inds),
    }));
  });
  return [...ran, ...fromTests];
}

/** torchvision's `Matcher` and the restated assigner of MMDetection on the same boxes. */
export async function packCases(): Promise<AssignCase[] | undefined> {
  const pack = await readCasepack('ops/assign');
  return pack?.flatMap((item) => {
    const isMatcher = item.op === 'tv_matcher';
    if (!isMatcher && item.op !== 'mmdet_assigner') return [];
    const anchors = Float32Array.from(item.array('anchors').data);
    const gtBoxes = Float32Array.from(item.array('gt').data);
    const input: AssignImage = {
      anchors,
      valid: new Int32Array(anchors.length / 4).fill(1),
      gtBoxes,
      gtLabels: Int32Array.from({ length: gtBoxes.length / 4 }, (_, index) => index),
    };
    const shared = { name: `casepack ${item.op} ${item.name}`, images: [input], numClasses: 9 };
    if (isMatcher) {
      const options: MaxIouAssignOptions = {
        posIouThr: item.number('high'),
        negIouThr: item.number('low'),
        matchLowQuality: item.flag('allow_low_quality'),
        lowQualityBy: 'prior',
      };
      return [{ ...shared, options, expected: Array.from(item.array('matches').data) }];
    }
    const options: MaxIouAssignOptions = {
      posIouThr: item.number('pos_iou_thr'),
      negIouThr: item.number('neg_iou_thr'),
      minPosIou: item.number('min_pos_iou'),
      matchLowQuality: item.flag('match_low_quality'),
    };
    return [{ ...shared, options, expected: fromGtInds(Array.from(item.array('gt_inds').data)) }];
  });
}

/** A whole input of a small RetinaNet: 3,852 anchors, two images. */
export async function fixtureCases(): Promise<AssignCase[] | undefined> {
  const fixture = await readCasepack('models/mm_retinanet_r18w16/fixture');
  const byOp = (op: string) => fixture?.find((item) => item.op === op);
  const levels = byOp('anchors')?.arrays('anchors') ?? [];
  const anchors = Float32Array.from(levels.flatMap(({ data }) => Array.from(data)));
  const targets = byOp('inputs')?.list('targets') ?? [];
  return byOp('train_internals')
    ?.list('per_image')
    .map((item, index) => ({
      name: `mm_retinanet_r18w16, image ${index}`,
      images: [
        {
          anchors,
          valid: new Int32Array(anchors.length / 4).fill(1),
          gtBoxes: Float32Array.from(targets[index]?.array('boxes').data ?? []),
          gtLabels: Int32Array.from(targets[index]?.array('labels').data ?? []),
        },
      ],
      options: retina,
      numClasses: 3,
      expected: fromGtInds(Array.from(item.array('gt_inds').data)),
    }));
}

/** MMDetection counts −1 ignored, 0 background, k + 1 ground truth k; we count −2, −1, k. */
function fromGtInds(gtInds: readonly number[]): number[] {
  return gtInds.map((index) => index - 1);
}
