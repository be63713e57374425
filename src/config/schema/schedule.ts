import { z } from 'zod';
import { count, fraction, index, kept, nonNegative, positive, typed } from './parts.ts';

const span = {
  begin: index.default(0).describe('First epoch or iteration of the schedule'),
  end: count
    .optional()
    .describe('One after the last epoch or iteration; left out: the end of training'),
  by_epoch: z.boolean().default(true).describe('True counts epochs, false iterations'),
  convert_to_iter_based: z
    .boolean()
    .default(false)
    .describe('Turn epochs into iterations, so that it changes smoothly'),
  last_step: kept.optional(),
  verbose: kept.optional(),
};

/** Warm-up: lr grows linearly from start_factor to end_factor, which it reaches at iteration end − 1. */
const linearLrSchema = typed('LinearLR', {
  start_factor: positive
    .max(1)
    .default(1 / 3)
    .describe('Factor at the start. Detectors: 0.001'),
  end_factor: nonNegative.max(1).default(1).describe('Factor at the end'),
  ...span,
});

/** Steps: lr is multiplied by gamma at each milestone. */
const multiStepLrSchema = typed('MultiStepLR', {
  milestones: z
    .array(count)
    .min(1)
    .describe('Epochs or iterations, counted from begin. 1x: 8, 11 of 12'),
  gamma: positive.default(0.1).describe('Factor at each milestone'),
  ...span,
});

const constantLrSchema = typed('ConstantLR', {
  factor: positive
    .max(1)
    .default(1 / 3)
    .describe('Factor until end − 1'),
  ...span,
});

/** Steps at equal distances: lr is multiplied by gamma at each multiple of step_size. */
const stepLrSchema = typed('StepLR', {
  step_size: count.describe('Epochs or iterations between two steps, counted from begin'),
  gamma: positive.default(0.1).describe('Factor at each step'),
  ...span,
});

const exponentialLrSchema = typed('ExponentialLR', {
  gamma: positive.describe('Factor after every epoch or iteration'),
  ...span,
});

const polyLrSchema = typed('PolyLR', {
  power: positive.default(1).describe('1 is a straight line'),
  eta_min: nonNegative.default(0).describe('Learning rate at end − 1'),
  ...span,
});

const lowest = {
  eta_min: nonNegative.optional().describe('Learning rate at the bottom'),
  eta_min_ratio: nonNegative
    .max(1)
    .optional()
    .describe('Instead of eta_min, as a fraction of the learning rate'),
};

const cosineAnnealingLrSchema = typed('CosineAnnealingLR', {
  T_max: count.optional().describe('Length of half a cosine; left out: end − begin'),
  ...lowest,
  ...span,
});

const cosineRestartLrSchema = typed('CosineRestartLR', {
  periods: z.array(count).min(1).describe('Length of each half cosine'),
  restart_weights: z
    .array(nonNegative)
    .min(1)
    .default([1])
    .describe('Height at the start of each period, times the learning rate'),
  ...lowest,
  ...span,
});

/** 1cycle (Smith & Topin 2019): up to eta_max and down again. It sets the rate, whatever other schedules did. */
const oneCycleLrSchema = typed('OneCycleLR', {
  eta_max: positive.describe('Highest learning rate'),
  total_steps: count.optional().describe('Length of the cycle'),
  epochs: count.optional().describe('With steps_per_epoch, instead of total_steps'),
  steps_per_epoch: count.optional(),
  pct_start: fraction.default(0.3).describe('Share of the cycle in which the rate rises'),
  anneal_strategy: z.enum(['cos', 'linear']).default('cos'),
  div_factor: positive.default(25).describe('The first rate is eta_max divided by this'),
  final_div_factor: positive.default(1e4).describe('The last rate is the first divided by this'),
  three_phase: z.boolean().default(false).describe('Up, down as long, then to the last rate'),
  ...span,
});

const schedulerSchema = z.discriminatedUnion('type', [
  linearLrSchema,
  multiStepLrSchema,
  constantLrSchema,
  cosineAnnealingLrSchema,
  stepLrSchema,
  exponentialLrSchema,
  polyLrSchema,
  cosineRestartLrSchema,
  oneCycleLrSchema,
]);

export const paramSchedulerSchema = z
  .union([schedulerSchema, z.array(schedulerSchema)])
  .nullable()
  .default([])
  .describe('Learning-rate schedules; their factors multiply');

export const trainLoopSchema = z.discriminatedUnion('type', [
  typed('EpochBasedTrainLoop', {
    max_epochs: count.describe('Rounds over the training images. 1x: 12'),
    val_begin: count.default(1),
    val_interval: count.default(1).describe('Evaluate every so many epochs'),
    dynamic_intervals: kept.optional(),
  }),
  typed('IterBasedTrainLoop', {
    max_iters: count.describe('Iterations'),
    val_begin: count.default(1),
    val_interval: count.default(1000).describe('Evaluate every so many iterations'),
    dynamic_intervals: kept.optional(),
  }),
]);

export const valLoopSchema = typed('ValLoop', { fp16: z.boolean().default(false) });
export const testLoopSchema = typed('TestLoop', { fp16: z.boolean().default(false) });
