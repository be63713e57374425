import { z } from 'zod';
import { ofLargest } from '../judge.ts';
import { compareBoxes } from '../models/evaluation-cases.ts';
import { GpuModel } from '../models/gpu-model.ts';
import type { NamedWeights } from '../models/hash-init.ts';
import type { FixtureModelOptions } from '../models/model-config.ts';
import type {
  Losses,
  ModelInputs,
  ModelUnderTest,
  PlainArray,
} from '../models/model-under-test.ts';
import { fasterRcnnOf, retinaNetOf } from '../models/options-from-shapes.ts';
import type { RcnnNumbers, Shapes } from '../models/options-from-shapes.ts';
import type { Comparison, OracleCase, Tolerance } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { skippedCase } from '../page.ts';
import { numbers, pair, rows } from '../page-schemas.ts';

/** Numbers about a map [N, C, H, W], and its first values. */
const summary = z.object({
  shape: numbers,
  sum: z.number(),
  abs_sum: z.number().optional(),
  first: numbers,
});
type Summary = z.infer<typeof summary>;

const found = z.object({ bboxes: rows, scores: numbers, labels: numbers });
const perLevel = z.record(z.string(), z.union([z.number(), numbers]));

const pageSchema = z.object({
  model: z.string(),
  state_dict_order: z.array(z.tuple([z.string(), numbers])),
  img_shape_hw: z.array(pair),
  gt_bboxes: z.array(rows),
  gt_labels: z.array(numbers),
  neck: z.array(summary),
  grads: z.record(
    z.string(),
    z.object({ l2: z.number(), sum: z.number(), first: numbers }).nullable(),
  ),
  sgd_3_steps: z.object({
    lr: z.number(),
    momentum: z.number(),
    weight_decay: z.number(),
    log: z.array(z.record(z.string(), z.number())),
  }),
});
type Page = z.infer<typeof pageSchema>;

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

const rcnnSchema = pageSchema.extend({
  rpn_cls: z.array(summary),
  rpn_reg: z.array(summary),
  train_proposals: z.array(z.object({ bboxes: rows, scores: numbers })),
  losses: perLevel,
  predict: z.array(found),
});

/** The pages' `weights` rule, which they give in words: sines of the tensor's and the element's number. */
function formulaWeights(page: Page): Map<string, NamedWeights> {
  return new Map(
    page.state_dict_order.map(([name, shape], j) => {
      const length = shape.reduce((product, side) => product * side, 1);
      const fanIn = shape.slice(1).reduce((product, side) => product * side, 1);
      const half = /retina_|rpn_cls|rpn_reg|fc_/.test(name) ? 0.5 : 1;
      const value = (s: number) => {
        if (name.endsWith('running_mean')) return 0.1 * s;
        if (name.endsWith('running_var')) return 1 + 0.2 * s;
        if (shape.length > 1) return s * Math.sqrt(2 / fanIn) * half;
        if (name.endsWith('weight')) return 1 + 0.1 * s;
        return name.endsWith('retina_cls.bias') ? -2 + 0.1 * s : 0.05 * s;
      };
      const data = Float32Array.from({ length }, (_, i) => value(Math.sin(1.3 * i + 0.7 * j)));
      return [name, { shape, data }];
    }),
  );
}

/** The pages' input: sin(0.11 · i) over (2, 3, 64, 96), fed without normalisation. */
const INPUT_SHAPE = [2, 3, 64, 96];

function inputsOf(page: Page): ModelInputs {
  const [batch = 0, channels = 0, height = 0, width = 0] = INPUT_SHAPE;
  const length = batch * channels * height * width;
  return {
    size: [batch, height, width],
    images: null,
    imgShapes: page.img_shape_hw,
    normalised: {
      shape: INPUT_SHAPE,
      data: Float32Array.from({ length }, (_, i) => Math.sin(0.11 * i)),
    },
    targets: page.gt_bboxes.map((boxes, image) => ({
      boxes: Float32Array.from(boxes.flat()),
      labels: page.gt_labels[image] ?? [],
    })),
  };
}

function shapesOf(page: Page): Shapes {
  return new Map(page.state_dict_order);
}

const MAPS = 1e-4;

function compareSummaries(
  what: string,
  got: readonly PlainArray[],
  want: readonly Summary[],
): Comparison[] {
  return want.flatMap((own, i) => compareSummary(`${what} ${i}`, got[i], own));
}

function compareSummary(what: string, got: PlainArray | undefined, want: Summary): Comparison[] {
  if (got === undefined) throw new Error(`${what} is not computed`);
  const values = Array.from(got.data);
  const absSum = values.reduce((sum, value) => sum + Math.abs(value), 0);
  const total = values.reduce((sum, value) => sum + value, 0);
  return [
    { what: `${what} shape`, got: got.shape, want: want.shape, tolerance: 'exact' },
    {
      what: `${what} sum`,
      got: [total],
      want: [want.sum],
      tolerance: { absolute: MAPS * (want.abs_sum ?? absSum), relative: 0 },
    },
    ...(want.abs_sum === undefined
      ? []
      : [
          {
            what: `${what} abs_sum`,
            got: [absSum],
            want: [want.abs_sum],
            tolerance: { absolute: 0, relative: MAPS },
          },
        ]),
    {
      what: `${what} first`,
      got: values.slice(0, want.first.length),
      want: want.first,
      tolerance: ofLargest(values, MAPS),
    },
  ];
}

const LOSS: Tolerance = { absolute: 1e-7, relative: 1e-4 };
const GRADIENT_SHARE = 1e-3;

/** Losses of a page are given per level; the detectors add the levels up. */
function compareLosses(got: Losses, want: z.infer<typeof perLevel>): Comparison[] {
  return Object.entries(want).map(([key, value]) => ({
    what: key,
    got: [got[key] ?? Number.NaN],
    want: [typeof value === 'number' ? value : value.reduce((sum, level) => sum + level, 0)],
    tolerance: LOSS,
  }));
}

/** A case that is run on a model of its own. */
function modelCase(
  op: string,
  name: string,
  make: () => ModelUnderTest,
  compare: (model: ModelUnderTest) => Promise<Comparison[]>,
): OracleCase {
  return {
    op,
    name,
    async compare(backend) {
      if (backend === 'reference') throw new Error('models have no slow twin yet');
      const model = make();
      try {
        return await compare(model);
      } finally {
        model.dispose();
      }
    },
  };
}

async function compareGradients(model: ModelUnderTest, page: Page): Promise<Comparison[]> {
  const { gradients } = await model.firstStep();
  return Object.entries(page.grads).flatMap(([name, want]): Comparison[] => {
    const got = gradients.get(name);
    if (got === undefined) throw new Error(`${name} is not a parameter`);
    if (want === null || got === null) {
      return [
        {
          what: `${name} is trained`,
          got: [got === null ? 0 : 1],
          want: [want === null ? 0 : 1],
          tolerance: 'exact',
        },
      ];
    }
    const values = Array.from(got);
    const tolerance = { absolute: GRADIENT_SHARE * want.l2 + 1e-7, relative: 0 };
    return [
      {
        what: `${name} l2`,
        got: [Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))],
        want: [want.l2],
        tolerance,
      },
      {
        what: `${name} first`,
        got: values.slice(0, want.first.length),
        want: want.first,
        tolerance,
      },
    ];
  });
}

async function compareSteps(model: ModelUnderTest, page: Page): Promise<Comparison[]> {
  const { lr, momentum, weight_decay: weightDecay, log } = page.sgd_3_steps;
  const { history } = await model.train({ lr, momentum, weightDecay }, log.length);
  return log.flatMap((want, step) =>
    Object.entries(want).map(([key, value]): Comparison => {
      const own = key === 'loss' ? 'total' : key;
      const relative = key === 'grad_norm' ? GRADIENT_SHARE : 1e-4 * (step + 1);
      return {
        what: `step ${step} ${key}`,
        got: [history[step]?.[own] ?? Number.NaN],
        want: [value],
        tolerance: { absolute: 1e-7, relative },
      };
    }),
  );
}

function foundOf({ bboxes, scores, labels }: z.infer<typeof found>) {
  return { boxes: bboxes.flat(), scores, labels };
}

/** The cases of both pages. */
function sharedCases(op: string, page: Page, make: () => ModelUnderTest): OracleCase[] {
  return [
    modelCase(op, 'grads', make, (model) => compareGradients(model, page)),
    modelCase(op, 'sgd_3_steps', make, (model) => compareSteps(model, page)),
  ];
}

function maker(page: Page, options: FixtureModelOptions, inputs = inputsOf(page)) {
  return () => new GpuModel(options, formulaWeights(page), inputs);
}

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
