import { z } from 'zod';
import { readOracleJson } from '../oracle/casepack.ts';

/** A small float32 array of a casepack; up to 16 elements are inline. */
const inlineArray = z
  .object({ $t: z.literal('f32'), data: z.array(z.number()) })
  .transform(({ data }) => Float32Array.from(data));

const optimiser = z.object({
  op: z.literal('optimizer'),
  name: z.string(),
  config: z.object({
    type: z.enum(['SGD', 'Adam', 'AdamW']),
    lr: z.number(),
    weight_decay: z.number(),
    momentum: z.number().default(0),
    nesterov: z.boolean().default(false),
    betas: z.tuple([z.number(), z.number()]).default([0.9, 0.999]),
    eps: z.number().default(1e-8),
  }),
  init: z.array(inlineArray),
  /** [step][parameter] */
  grads: z.array(z.array(inlineArray)),
  params_after_step: z.array(z.array(inlineArray)),
});

const clipping = z.object({
  op: z.literal('clip_grad_norm'),
  name: z.string(),
  max_norm: z.number(),
  grads: z.array(inlineArray),
  total_norm: z.number(),
  clipped: z.array(inlineArray),
});

const pack = z.object({
  cases: z.array(
    z.discriminatedUnion('op', [
      optimiser,
      clipping,
      // Learning rates are tested beside src/train/schedules.
      z.object({ op: z.literal('lr_schedule') }),
    ]),
  ),
});

/** The optimiser cases that torch computed, by kind; undefined where the data is absent. Used by tests only. */
export async function readTorchCases() {
  const document = await readOracleJson('ops/optim.json');
  if (document === undefined) return undefined;
  const { cases } = pack.parse(document);
  return {
    optimisers: cases.filter((c) => c.op === 'optimizer'),
    clippings: cases.filter((c) => c.op === 'clip_grad_norm'),
  };
}
