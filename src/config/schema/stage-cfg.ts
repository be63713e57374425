import { z } from 'zod';
import { assignerSchema } from './assigner.ts';
import { nmsSchema } from './nms.ts';
import { fraction, index, only } from './parts.ts';
import { pseudoSampler, samplerSchema } from './sampler.ts';

const posWeight = z
  .number()
  .min(-1)
  .default(-1)
  .describe('Weight of positives in the classification loss; -1 or 0 = 1');
const debug = z.boolean().default(false);
const allowedBorder = z
  .number()
  .min(-1)
  .default(-1)
  .describe('Anchors may reach this many pixels outside the image; -1 = any number');
const most = (what: string) => index.min(1).describe(what);
const minBboxSize = z
  .number()
  .default(0)
  .describe('Boxes not wider and higher than this many pixels are dropped; -1 = none');

/** `model.train_cfg` of RetinaNet. */
export const denseTrainCfgSchema = z.strictObject({
  assigner: assignerSchema,
  sampler: z
    .discriminatedUnion('type', [pseudoSampler])
    .default({ type: 'PseudoSampler' })
    .describe('Focal loss uses every anchor'),
  allowed_border: allowedBorder,
  pos_weight: posWeight,
  debug,
});

/** `model.test_cfg` of a one-stage detector. */
export const denseTestCfgSchema = z.strictObject({
  nms_pre: most('Candidates kept per level before non-maximum suppression').default(1000),
  min_bbox_size: minBboxSize,
  score_thr: fraction.default(0.05).describe('Candidates must score more than this'),
  nms: nmsSchema,
  max_per_img: most('Detections kept per image').default(100),
});

/** How proposals are made, in training (`train_cfg.rpn_proposal`) and testing (`test_cfg.rpn`). */
const proposalCfgSchema = z.strictObject({
  nms_pre: most('Anchors kept per level before non-maximum suppression. Training: 2000'),
  max_per_img: most('Proposals kept per image. 1000'),
  nms: nmsSchema,
  min_bbox_size: minBboxSize,
});

const rpnTrainCfgSchema = z.strictObject({
  assigner: assignerSchema,
  sampler: samplerSchema,
  allowed_border: allowedBorder,
  pos_weight: posWeight,
  debug,
});

const rcnnTrainCfgSchema = z.strictObject({
  assigner: assignerSchema,
  sampler: samplerSchema,
  mask_size: only(null, 'there are no masks'),
  pos_weight: posWeight,
  debug,
});

/** `model.train_cfg` of a two-stage detector. */
export const twoStageTrainCfgSchema = z.strictObject({
  rpn: rpnTrainCfgSchema,
  rpn_proposal: proposalCfgSchema,
  rcnn: rcnnTrainCfgSchema,
});

/** `model.test_cfg` of a two-stage detector. */
export const twoStageTestCfgSchema = z.strictObject({
  rpn: proposalCfgSchema,
  rcnn: z.strictObject({
    score_thr: fraction.describe('Detections must score more than this. 0.05'),
    nms: nmsSchema,
    max_per_img: most('Detections kept per image. 100'),
    mask_thr_binary: only(null, 'there are no masks'),
  }),
});
