import { z } from 'zod';
import { ofLargest } from '../judge.ts';
import { createModel } from '../models/create-model.ts';
import type { NamedWeights } from '../models/hash-init.ts';
import type { FixtureModelOptions } from '../models/model-config.ts';
import type {
  Losses,
  ModelInputs,
  ModelUnderTest,
  PlainArray,
} from '../models/model-under-test.ts';
import type { Shapes } from '../models/options-from-shapes.ts';
import type { Backend, Comparison, OracleCase, Tolerance } from '../oracle-case.ts';
import { numbers, pair, rows } from '../page-schemas.ts';

/** Numbers about a map [N, C, H, W], and its first values. */
export const summary = z.object({
  shape: numbers,
  sum: z.number(),
  abs_sum: z.number().optional(),
  first: numbers,
});
type Summary = z.infer<typeof summary>;

export const found = z.object({ bboxes: rows, scores: numbers, labels: numbers });
export const perLevel = z.record(z.string(), z.union([z.number(), numbers]));

export const pageSchema = z.object({
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
export type Page = z.infer<typeof pageSchema>;

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

export function inputsOf(page: Page): ModelInputs {
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

export function shapesOf(page: Page): Shapes {
  return new Map(page.state_dict_order);
}

const MAPS = 1e-4;

export function compareSummaries(
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
export function compareLosses(got: Losses, want: z.infer<typeof perLevel>): Comparison[] {
  return Object.entries(want).map(([key, value]) => ({
    what: key,
    got: [got[key] ?? Number.NaN],
    want: [typeof value === 'number' ? value : value.reduce((sum, level) => sum + level, 0)],
    tolerance: LOSS,
  }));
}

/** A case that is run on a model of its own. */
export function modelCase(
  op: string,
  name: string,
  make: (backend: Backend) => ModelUnderTest,
  compare: (model: ModelUnderTest) => Promise<Comparison[]>,
): OracleCase {
  return {
    op,
    name,
    async compare(backend) {
      const model = make(backend);
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

export function foundOf({ bboxes, scores, labels }: z.infer<typeof found>) {
  return { boxes: bboxes.flat(), scores, labels };
}

/** The cases of both pages. */
export function sharedCases(
  op: string,
  page: Page,
  make: (backend: Backend) => ModelUnderTest,
): OracleCase[] {
  return [
    modelCase(op, 'grads', make, (model) => compareGradients(model, page)),
    modelCase(op, 'sgd_3_steps', make, (model) => compareSteps(model, page)),
  ];
}

export function maker(page: Page, options: FixtureModelOptions, inputs = inputsOf(page)) {
  return (backend: Backend) => createModel(backend, options, formulaWeights(page), inputs);
}
