import type { Config } from './schema/config-schema.ts';
import type { TrainPlan } from './train-plan.ts';

interface Span {
  /** First epoch or iteration in which it acts. */
  readonly begin: number;
  /** One after the last; the end of training when the config leaves it out, as in MMEngine. Infinity = never ends. */
  readonly end: number;
  readonly byEpoch: boolean;
  /** Epochs are turned into iterations, so that an epoch schedule moves every iteration. */
  readonly convertToIterBased: boolean;
}

/** One schedule, as `createLrSchedule` (train/schedules) takes it. */
export type SchedulerOptions = Span &
  (
    | { readonly type: 'LinearLR'; readonly startFactor: number; readonly endFactor: number }
    | {
        readonly type: 'MultiStepLR';
        readonly milestones: readonly number[];
        readonly gamma: number;
      }
    | { readonly type: 'StepLR'; readonly stepSize: number; readonly gamma: number }
    | { readonly type: 'ExponentialLR'; readonly gamma: number }
    | { readonly type: 'ConstantLR'; readonly factor: number }
    | { readonly type: 'PolyLR'; readonly power: number; readonly etaMin: number }
    | ({ readonly type: 'CosineAnnealingLR'; readonly tMax: number } & Lowest)
    | ({
        readonly type: 'CosineRestartLR';
        readonly periods: readonly number[];
        /** Height of each period's start, times the base rate. */
        readonly restartWeights: readonly number[];
      } & Lowest)
    | {
        readonly type: 'OneCycleLR';
        readonly etaMax: number;
        readonly totalSteps: number;
        /** Share of the steps in which the rate rises. */
        readonly pctStart: number;
        readonly anneal: 'cos' | 'linear';
        readonly divFactor: number;
        readonly finalDivFactor: number;
        readonly threePhase: boolean;
      }
  );

interface Lowest {
  /** Lowest rate; or null, then `etaMinRatio` times the base rate. */
  readonly etaMin: number | null;
  readonly etaMinRatio: number | null;
}

/** `param_scheduler` of the config, in order, for a run of the given length. */
export function scheduleOptions(config: Config, plan: TrainPlan): SchedulerOptions[] {
  const schedulers = config.param_scheduler === null ? [] : [config.param_scheduler].flat();
  const loop = config.train_cfg;
  return schedulers.map((scheduler) => {
    // IterBasedTrainLoop counts the whole run as one epoch.
    const maxEpochs = loop.type === 'EpochBasedTrainLoop' ? loop.max_epochs : 1;
    const span: Span = {
      begin: scheduler.begin,
      end: scheduler.end ?? (scheduler.by_epoch ? maxEpochs : plan.iterations),
      byEpoch: scheduler.by_epoch,
      convertToIterBased: scheduler.convert_to_iter_based,
    };
    return { ...span, ...ruleOptions(scheduler, span) };
  });
}

type SchedulerConfig = Exclude<Config['param_scheduler'], readonly unknown[] | null>;

/** What a schedule has beside its span. */
function ruleOptions(scheduler: SchedulerConfig, span: Span): DistributiveOmit<SchedulerOptions> {
  switch (scheduler.type) {
    case 'LinearLR': {
      const { start_factor: startFactor, end_factor: endFactor } = scheduler;
      return { type: 'LinearLR', startFactor, endFactor };
    }
    case 'MultiStepLR':
      return { type: 'MultiStepLR', milestones: scheduler.milestones, gamma: scheduler.gamma };
    case 'StepLR':
      return { type: 'StepLR', stepSize: scheduler.step_size, gamma: scheduler.gamma };
    case 'ExponentialLR':
      return { type: 'ExponentialLR', gamma: scheduler.gamma };
    case 'ConstantLR':
      return { type: 'ConstantLR', factor: scheduler.factor };
    case 'PolyLR':
      return { type: 'PolyLR', power: scheduler.power, etaMin: scheduler.eta_min };
    case 'CosineAnnealingLR':
      return {
        type: 'CosineAnnealingLR',
        tMax: scheduler.T_max ?? span.end - span.begin,
        ...lowest(scheduler),
      };
    case 'CosineRestartLR':
      return {
        type: 'CosineRestartLR',
        periods: scheduler.periods,
        restartWeights: scheduler.restart_weights,
        ...lowest(scheduler),
      };
    case 'OneCycleLR':
      return {
        type: 'OneCycleLR',
        etaMax: scheduler.eta_max,
        totalSteps: oneCycleSteps(scheduler) ?? span.end - span.begin,
        pctStart: scheduler.pct_start,
        anneal: scheduler.anneal_strategy,
        divFactor: scheduler.div_factor,
        finalDivFactor: scheduler.final_div_factor,
        threePhase: scheduler.three_phase,
      };
  }
}

/** Each alternative of a union without its span. */
type DistributiveOmit<T> = T extends unknown ? Omit<T, keyof Span> : never;

function lowest(scheduler: {
  readonly eta_min?: number | undefined;
  readonly eta_min_ratio?: number | undefined;
}): Lowest {
  return { etaMin: scheduler.eta_min ?? null, etaMinRatio: scheduler.eta_min_ratio ?? null };
}

/** Length of a OneCycleLR in its own unit; undefined when the config gives neither form. */
export function oneCycleSteps(scheduler: {
  readonly total_steps?: number | undefined;
  readonly epochs?: number | undefined;
  readonly steps_per_epoch?: number | undefined;
}): number | undefined {
  const { total_steps: total, epochs, steps_per_epoch: perEpoch } = scheduler;
  if (total !== undefined) return total;
  return epochs === undefined || perEpoch === undefined ? undefined : epochs * perEpoch;
}
