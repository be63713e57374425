import { dotted, nearestNode } from './config-node.ts';
import type { ConfigPath, MapNode } from './config-node.ts';
import { checkHooks } from './hook-checks.ts';
import { checkModel } from './model-checks.ts';
import { numClassesPath } from './num-classes-path.ts';
import { configProblem } from './problem.ts';
import type { ConfigProblem, Report } from './problem.ts';
import { checkPipelines } from './pipeline-checks.ts';
import { leafDatasets } from './resolved-data.ts';
import { numClasses } from './resolved-model.ts';
import { oneCycleSteps } from './resolved-schedule.ts';
import type { Config } from './schema/config-schema.ts';

/** Rules that concern several keys at once: what would fail or go silently wrong in MMDetection. */
export function checkConfig(config: Config, root: MapNode): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report: Report = (severity, path, code, what, action) => {
    const { place } = nearestNode(root, path);
    problems.push(configProblem({ severity, code, what, action, place, key: dotted(path) }));
  };
  checkModel(config, report);
  checkClasses(config, report);
  checkClipping(config, report);
  checkSchedule(config, report);
  checkPipelines(config, report);
  checkHooks(config, report);
  return problems;
}

function checkClasses(config: Config, report: Report): void {
  const count = numClasses(config);
  const named = classLists(config);
  for (const { path, classes } of named) {
    if (new Set(classes).size !== classes.length) {
      const twice = classes.find((name, i) => classes.indexOf(name) !== i);
      report(
        'error',
        path,
        'config-classes-repeat',
        `The class \`${twice}\` is listed twice.`,
        'Leave one out.',
      );
    }
    if (classes.length === count) continue;
    const what = `num_classes is ${count}, but \`${dotted(path)}\` has ${classes.length}: ${classes.slice(0, 10).join(', ')}${classes.length > 10 ? ' …' : ''}.`;
    const action = `Write num_classes: ${classes.length}, or change the list.`;
    report('error', numClassesPath(config.model.type), 'config-num-classes', what, action);
  }
  const first = named[0];
  for (const other of named.slice(1)) {
    if (first === undefined || JSON.stringify(other.classes) === JSON.stringify(first.classes))
      continue;
    const what = `\`${dotted(other.path)}\` differs from \`${dotted(first.path)}\`.`;
    report(
      'error',
      other.path,
      'config-classes-differ',
      what,
      'Use the same list, in the same order, everywhere.',
    );
  }
}

function classLists(config: Config): { path: ConfigPath; classes: readonly string[] }[] {
  const found: { path: ConfigPath; classes: readonly string[] }[] = [];
  if (config.metainfo?.classes !== undefined) {
    found.push({ path: ['metainfo', 'classes'], classes: config.metainfo.classes });
  }
  for (const loader of ['train_dataloader', 'val_dataloader', 'test_dataloader'] as const) {
    const dataset = config[loader]?.dataset;
    for (const leaf of dataset === undefined ? [] : leafDatasets(dataset)) {
      const classes = leaf.dataset.metainfo?.classes;
      if (classes !== undefined)
        found.push({ path: [loader, 'dataset', ...leaf.path, 'metainfo', 'classes'], classes });
    }
  }
  return found;
}

function checkClipping(config: Config, report: Report): void {
  const clip = config.optim_wrapper.clip_grad;
  if (clip === null) return;
  const [wanted, other] =
    clip.type === 'norm'
      ? (['max_norm', 'clip_value'] as const)
      : (['clip_value', 'max_norm'] as const);
  const at = ['optim_wrapper', 'clip_grad'];
  if (clip[wanted] === undefined) {
    const what = `Clipping by ${clip.type} needs ${wanted}.`;
    report('error', at, 'config-clip-grad', what, `Give ${wanted}, or clip_grad: null.`);
  }
  if (clip[other] !== undefined) {
    const what = `${other} has no place in clipping by ${clip.type}.`;
    report('error', [...at, other], 'config-clip-grad', what, 'Leave it out, or change the type.');
  }
}

function checkSchedule(config: Config, report: Report): void {
  const loop = config.train_cfg;
  const schedulers = config.param_scheduler === null ? [] : [config.param_scheduler].flat();
  schedulers.forEach((scheduler, i) => {
    const at = Array.isArray(config.param_scheduler) ? ['param_scheduler', i] : ['param_scheduler'];
    const byIterOnly =
      loop.type === 'IterBasedTrainLoop' && scheduler.by_epoch && !scheduler.convert_to_iter_based;
    if (byIterOnly) {
      const what = `${scheduler.type} counts epochs, but IterBasedTrainLoop has none, so it would never act.`;
      report(
        'error',
        [...at, 'by_epoch'],
        'config-schedule-unit',
        what,
        'Write by_epoch: false and give iterations.',
      );
      return;
    }
    if (scheduler.end !== undefined && scheduler.end <= scheduler.begin) {
      const what = `${scheduler.type} ends (${scheduler.end}) before it begins (${scheduler.begin}).`;
      report('error', [...at, 'end'], 'config-schedule-span', what, 'Raise `end`.');
    }
    if (
      (scheduler.type === 'CosineAnnealingLR' || scheduler.type === 'CosineRestartLR') &&
      (scheduler.eta_min === undefined) === (scheduler.eta_min_ratio === undefined)
    ) {
      const what = `${scheduler.type} needs one of eta_min and eta_min_ratio.`;
      report('error', at, 'config-schedule-span', what, 'Give exactly one.');
    }
    if (
      scheduler.type === 'CosineRestartLR' &&
      scheduler.periods.length !== scheduler.restart_weights.length
    ) {
      const what = `There are ${scheduler.periods.length} periods and ${scheduler.restart_weights.length} restart_weights.`;
      report('error', at, 'config-schedule-span', what, 'Give one weight for each period.');
    }
    if (scheduler.type === 'OneCycleLR' && oneCycleSteps(scheduler) === undefined) {
      const what = 'OneCycleLR needs total_steps, or epochs and steps_per_epoch.';
      report('error', at, 'config-schedule-span', what, 'Give total_steps.');
    }
    if (scheduler.convert_to_iter_based && !scheduler.by_epoch) {
      const what =
        'convert_to_iter_based turns epochs into iterations, but this schedule counts iterations.';
      report(
        'error',
        [...at, 'convert_to_iter_based'],
        'config-schedule-unit',
        what,
        'Leave it out.',
      );
    }
    const total = loop.type === 'EpochBasedTrainLoop' ? loop.max_epochs : loop.max_iters;
    const sameUnit = scheduler.by_epoch === (loop.type === 'EpochBasedTrainLoop');
    if (scheduler.type === 'OneCycleLR' && sameUnit) {
      const steps = oneCycleSteps(scheduler) ?? Infinity;
      const used = Math.min(scheduler.end ?? Infinity, total) - scheduler.begin;
      // Step number `steps` is still allowed, as in MMEngine.
      if (used > steps + 1) {
        const what = `OneCycleLR has ${steps} steps and is asked for ${used}.`;
        report('error', at, 'config-schedule-span', what, 'Raise total_steps, or lower `end`.');
      }
    }
    if (scheduler.type === 'MultiStepLR')
      checkMilestones(scheduler, sameUnit ? total : Infinity, at, report);
    if (
      scheduler.type === 'LinearLR' &&
      sameUnit &&
      scheduler.end !== undefined &&
      scheduler.end > total
    ) {
      const what = `The warm-up (${scheduler.end}) is longer than the training (${total}).`;
      report(
        'warning',
        [...at, 'end'],
        'config-schedule-span',
        what,
        'The full learning rate is never reached.',
      );
    }
  });
}

function checkMilestones(
  scheduler: { begin: number; end?: number | undefined; milestones: readonly number[] },
  total: number,
  at: ConfigPath,
  report: Report,
): void {
  const last = Math.min(scheduler.end ?? Infinity, total) - scheduler.begin;
  const late = scheduler.milestones.filter((milestone) => milestone >= last);
  if (late.length === 0) return;
  const what = `The milestones ${list(late)} are not reached: the schedule runs for ${last}.`;
  report(
    'warning',
    [...at, 'milestones'],
    'config-milestones',
    what,
    'Lower them, or train longer.',
  );
}

function list(values: readonly number[]): string {
  return `[${values.join(', ')}]`;
}
