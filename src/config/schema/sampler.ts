import { z } from 'zod';
import { count, fraction, typed } from './parts.ts';

const keys = {
  num: count.describe('Samples per image. RPN: 256, R-CNN: 512'),
  pos_fraction: fraction.describe('At most this share is positive. RPN: 0.5, R-CNN: 0.25'),
  neg_pos_ub: z
    .number()
    .min(-1)
    .default(-1)
    .describe('At most this many negatives for each positive; -1 = no limit'),
  add_gt_as_proposals: z
    .boolean()
    .default(true)
    .describe('Ground truths join the proposals. RPN: false, R-CNN: true'),
};

/** All positives and negatives: for focal loss. */
export const pseudoSampler = typed('PseudoSampler', {});

/** A random part of the positives and negatives, MMDetection's `RandomSampler`. */
const randomSampler = typed('RandomSampler', keys);

/** The first positives and negatives by index: repeatable without a seed, for comparisons. Not known to MMDetection. */
const firstSampler = typed('FirstSampler', keys);

export const samplerSchema = z.discriminatedUnion('type', [randomSampler, firstSampler]);
