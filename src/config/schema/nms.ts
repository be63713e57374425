import { z } from 'zod';
import { fraction, kept, nonNegative, positive, typed } from './parts.ts';

const common = {
  iou_threshold: fraction.describe(
    'Boxes of one class that overlap a better one by more are dropped (soft_nms: lowered)',
  ),
  class_agnostic: z
    .boolean()
    .default(false)
    .describe('Boxes of different classes suppress each other too'),
  split_thr: kept.optional(),
};

/** Greedy non-maximum suppression. */
const plainNms = typed('nms', common);

/** Lowers the scores of overlapping boxes instead of dropping them (Bodla et al. 2017). */
const softNms = typed('soft_nms', {
  ...common,
  iou_threshold: fraction.default(0.3).describe('linear: overlaps below it leave scores alone'),
  sigma: positive.default(0.5).describe('gaussian: width of the decay'),
  min_score: nonNegative.default(1e-3).describe('Boxes are dropped below this score'),
  method: z.enum(['linear', 'gaussian', 'naive']).default('linear'),
});

export const nmsSchema = z.discriminatedUnion('type', [plainNms, softNms]);
