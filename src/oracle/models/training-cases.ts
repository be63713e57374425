import { z } from 'zod';
import type { PackedCase } from '../../ops/oracle/parse-casepack.ts';
import type { Comparison, Tolerance } from '../oracle-case.ts';
import { numbers } from '../page-schemas.ts';
import { compareMap } from './compare-arrays.ts';
import type { ModelFixture } from './fixture.ts';
import type { FirstStep, Losses, SgdOptions, Training } from './model-under-test.ts';
import { mmdetName } from './torchvision-names.ts';

/** torchvision's names of losses, by detector. */
const TORCHVISION_LOSSES: Readonly<Record<string, string>> = {
  classification: 'loss_cls',
  bbox_regression: 'loss_bbox',
  loss_classifier: 'loss_cls',
  loss_box_reg: 'loss_bbox',
  loss_objectness: 'loss_rpn_cls',
  loss_rpn_box_reg: 'loss_rpn_bbox',
};

const lossesSchema = z.record(z.string(), z.number());

function lossOf(losses: Losses, key: string): number {
  const value = losses[TORCHVISION_LOSSES[key] ?? key];
  if (value === undefined) throw new Error(`${key} is not a loss of this detector`);
  return value;
}

/** First-step losses: 1e-4 relative. */
const LOSS: Tolerance = { absolute: 1e-7, relative: 1e-4 };

export function compareLosses(packed: PackedCase, { losses }: FirstStep): Comparison[] {
  return Object.entries(lossesSchema.parse(packed.raw('losses'))).map(([key, value]) => ({
    what: key,
    got: [lossOf(losses, key)],
    want: [value],
    tolerance: LOSS,
  }));
}

const gradsSchema = z.record(
  z.string(),
  z.object({ l2: z.number(), abs_sum: z.number(), first: numbers }).nullable(),
);

/** Norms of gradients: 1e-3 relative. A parameter near zero has its part of the largest norm instead. */
const GRADIENT_SHARE = 1e-3;
const NEAR_ZERO_SHARE = 1e-6;

export function compareGradients(packed: PackedCase, { gradients }: FirstStep): Comparison[] {
  const wanted = Object.entries(gradsSchema.parse(packed.raw('grads')));
  const largest = wanted.reduce((max, [, want]) => Math.max(max, want?.l2 ?? 0), 0);
  return wanted.flatMap(([name, want]): Comparison[] => {
    const got = gradients.get(mmdetName(name));
    if (got === undefined) throw new Error(`${name} is not a parameter of this detector`);
    const trained = {
      what: `${name} is trained`,
      got: [got === null ? 0 : 1],
      want: [want === null ? 0 : 1],
      tolerance: 'exact' as const,
    };
    if (want === null || got === null) return [trained];
    const values = Array.from(got);
    const allowed = GRADIENT_SHARE * want.l2 + NEAR_ZERO_SHARE * largest;
    return [
      trained,
      {
        what: `${name} l2`,
        got: [Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))],
        want: [want.l2],
        tolerance: { absolute: allowed, relative: 0 },
      },
      {
        what: `${name} abs_sum`,
        got: [values.reduce((sum, value) => sum + Math.abs(value), 0)],
        want: [want.abs_sum],
        tolerance: {
          absolute: NEAR_ZERO_SHARE * largest * Math.sqrt(values.length),
          relative: GRADIENT_SHARE,
        },
      },
      {
        what: `${name} first`,
        got: values.slice(0, want.first.length),
        want: want.first,
        tolerance: { absolute: allowed, relative: 0 },
      },
    ];
  });
}

const trainSchema = z.object({
  optimizer: z.object({
    type: z.literal('SGD'),
    lr: z.number(),
    momentum: z.number(),
    weight_decay: z.number(),
  }),
  history: z.array(lossesSchema),
  history_float64: z.array(lossesSchema),
});

/** How many steps a case wants, and with what. */
export function trainingOf(packed: PackedCase): {
  readonly sgd: SgdOptions;
  readonly steps: number;
} {
  const { optimizer, history } = readTraining(packed);
  const { lr, momentum, weight_decay: weightDecay } = optimizer;
  return { sgd: { lr, momentum, weightDecay }, steps: history.length };
}

function readTraining(packed: PackedCase): z.infer<typeof trainSchema> {
  return trainSchema.parse({
    optimizer: packed.raw('optimizer'),
    history: packed.raw('history'),
    history_float64: packed.raw('history_float64'),
  });
}

/**
 * Step k of a history may differ by 1e-4 · (k + 1), or by ten times what PyTorch's own float32 differs from its float64,
 * whichever is larger: rounding grows from step to step.
 */
export function compareTraining(packed: PackedCase, training: Training): Comparison[] {
  const { history, history_float64: history64 } = readTraining(packed);
  const steps = history.flatMap((losses, step): Comparison[] =>
    Object.entries(losses).map(([key, want]) => {
      const want64 = history64[step]?.[key] ?? want;
      const allowed = Math.max(1e-4 * (step + 1) * Math.abs(want), 10 * Math.abs(want - want64));
      return {
        what: `step ${step} ${key}`,
        got: [lossOf(training.history[step] ?? {}, key)],
        want: [want],
        tolerance: { absolute: allowed + 1e-7, relative: 0 },
      };
    }),
  );
  return [...steps, ...compareUpdated(packed, training)];
}

/** All tensors after the first update, buffers included. */
function compareUpdated(packed: PackedCase, { afterFirst }: Training): Comparison[] {
  if (!packed.has('params_after_step1')) return [];
  const params = packed.fields('params_after_step1');
  return params.keys().flatMap((name) => {
    const got = afterFirst.get(mmdetName(name));
    if (got === undefined) throw new Error(`${name} is not a parameter of this detector`);
    return compareMap(name, got, params.fields(name));
  });
}

/** The weights themselves: their hash must give what the fixture says. */
export function compareInit(packed: PackedCase, fixture: ModelFixture): Comparison[] {
  const tensors = z.record(z.string(), z.unknown()).parse(packed.raw('params'));
  return [
    {
      what: 'tensors',
      got: [fixture.weights.size],
      want: [Object.keys(tensors).length],
      tolerance: 'exact',
    },
    ...(packed.has('abs_sum')
      ? [
          {
            what: 'abs_sum',
            got: [fixture.absSum],
            want: [packed.number('abs_sum')],
            tolerance: { absolute: 0, relative: 1e-6 },
          },
        ]
      : []),
  ];
}
