import { dotted, nearestNode } from './config-node.ts';
import type { ConfigPath, MapNode } from './config-node.ts';
import { configProblem } from './problem.ts';
import type { ConfigProblem } from './problem.ts';
import { leafDatasets } from './resolved-data.ts';
import type { Config } from './schema/config-schema.ts';

/** Adds one problem at a key of the config. */
type Report = (
  severity: 'error' | 'warning',
  path: ConfigPath,
  code: string,
  what: string,
  action: string,
) => void;

/** Rules that concern several keys at once: what would fail or go silently wrong in MMDetection. */
export function checkConfig(config: Config, root: MapNode): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report: Report = (severity, path, code, what, action) => {
    const { place } = nearestNode(root, path);
    problems.push(configProblem({ severity, code, what, action, place, key: dotted(path) }));
  };
  checkModel(config, report);
  checkAnchors(config, report);
  checkUnsupported(config, report);
  checkClasses(config, report);
  checkSchedule(config, report);
  checkPipelines(config, report);
  return problems;
}

/** Channels of the backbone's outputs, in the order of `out_indices`. */
function backboneChannels(backbone: Config['model']['backbone']): number[] {
  const expansion = backbone.depth >= 50 ? 4 : 1;
  return backbone.out_indices.map((stage) => backbone.base_channels * 2 ** stage * expansion);
}

function checkModel(config: Config, report: Report): void {
  const { backbone, neck, bbox_head: head } = config.model;
  const given = backboneChannels(backbone);
  if (!sameNumbers(neck.in_channels, given)) {
    const what = `The neck expects ${list(neck.in_channels)} channels, but ResNet-${backbone.depth} with base_channels ${backbone.base_channels} gives ${list(given)}.`;
    report(
      'error',
      ['model', 'neck', 'in_channels'],
      'config-channels',
      what,
      `Write in_channels: ${list(given)}.`,
    );
  }
  const levels = neck.in_channels.length - neck.start_level;
  if (levels < 1) {
    const what = `start_level ${neck.start_level} leaves no backbone output of ${neck.in_channels.length}.`;
    report('error', ['model', 'neck', 'start_level'], 'config-levels', what, 'Lower start_level.');
  } else if (neck.num_outs < levels) {
    const what = `num_outs ${neck.num_outs} is less than the ${levels} levels from start_level ${neck.start_level} on.`;
    report(
      'error',
      ['model', 'neck', 'num_outs'],
      'config-levels',
      what,
      `Write at least ${levels}.`,
    );
  }
  if (head.in_channels !== neck.out_channels) {
    const what = `The head expects ${head.in_channels} channels, but the neck gives ${neck.out_channels}.`;
    report(
      'error',
      ['model', 'bbox_head', 'in_channels'],
      'config-channels',
      what,
      `Write ${neck.out_channels}.`,
    );
  }
}

function checkAnchors(config: Config, report: Report): void {
  const { backbone, neck, bbox_head: head, train_cfg: train } = config.model;
  const at = ['model', 'bbox_head', 'anchor_generator'];
  const anchors = head.anchor_generator;
  if (anchors.strides.length !== neck.num_outs) {
    const what = `There are ${anchors.strides.length} strides for ${neck.num_outs} pyramid levels.`;
    report('error', [...at, 'strides'], 'config-levels', what, 'Give one stride per level.');
  } else {
    const first = backbone.out_indices[neck.start_level] ?? 0;
    const wanted = anchors.strides.map((_, level) => 4 * 2 ** (first + level));
    const is = anchors.strides.map((stride) => (Array.isArray(stride) ? stride : [stride, stride]));
    if (!is.every(([w, h], level) => w === wanted[level] && h === wanted[level])) {
      const what = `The strides ${JSON.stringify(anchors.strides)} are not those of the pyramid, ${list(wanted)}.`;
      report(
        'warning',
        [...at, 'strides'],
        'config-strides',
        what,
        'Anchors will not sit on the cells that predict them.',
      );
    }
  }
  const octave = anchors.octave_base_scale !== null && anchors.scales_per_octave !== null;
  const halfOctave = anchors.octave_base_scale !== null || anchors.scales_per_octave !== null;
  if (octave === (anchors.scales !== null) || (halfOctave && anchors.scales !== null)) {
    const what =
      'Anchor sizes need either `scales` or both `octave_base_scale` and `scales_per_octave`.';
    report(
      'error',
      at,
      'config-anchor-scales',
      what,
      'Give one of the two, and null for the other.',
    );
  }
  if (anchors.base_sizes !== null && anchors.base_sizes.length !== anchors.strides.length) {
    const what = `There are ${anchors.base_sizes.length} base sizes for ${anchors.strides.length} strides.`;
    report('error', [...at, 'base_sizes'], 'config-levels', what, 'Give one per level, or null.');
  }
  const neg = train.assigner.neg_iou_thr;
  const upper = Array.isArray(neg) ? neg[1] : neg;
  const assigner = ['model', 'train_cfg', 'assigner', 'neg_iou_thr'];
  if (upper > train.assigner.pos_iou_thr) {
    const what = `neg_iou_thr ${upper} is above pos_iou_thr ${train.assigner.pos_iou_thr}.`;
    report('error', assigner, 'config-iou-order', what, 'Lower neg_iou_thr or raise pos_iou_thr.');
  }
  if (Array.isArray(neg) && neg[0] >= neg[1]) {
    const what = `The range of neg_iou_thr, ${neg[0]} to ${neg[1]}, is empty.`;
    report('error', assigner, 'config-iou-order', what, 'Put the lower bound first.');
  }
}

/** What MMDetection's configs leave at -1 (off) and the engine does not do when it is on. */
function checkUnsupported(config: Config, report: Report): void {
  const { assigner, pos_weight: posWeight } = config.model.train_cfg;
  const at = ['model', 'train_cfg'];
  if (assigner.ignore_iof_thr > 0) {
    const what = `ignore_iof_thr ${assigner.ignore_iof_thr} is not supported: ignored boxes have no effect on anchors.`;
    report(
      'error',
      [...at, 'assigner', 'ignore_iof_thr'],
      'config-unsupported-value',
      what,
      'Write -1.',
    );
  }
  if (posWeight > 0 && posWeight !== 1) {
    const what = `pos_weight ${posWeight} is not supported: positive anchors have the weight 1.`;
    report('error', [...at, 'pos_weight'], 'config-unsupported-value', what, 'Write -1.');
  }
}

function checkClasses(config: Config, report: Report): void {
  const { num_classes: count } = config.model.bbox_head;
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
    report('error', ['model', 'bbox_head', 'num_classes'], 'config-num-classes', what, action);
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
      scheduler.type === 'CosineAnnealingLR' &&
      (scheduler.eta_min === undefined) === (scheduler.eta_min_ratio === undefined)
    ) {
      const what = 'CosineAnnealingLR needs one of eta_min and eta_min_ratio.';
      report('error', at, 'config-schedule-span', what, 'Give exactly one.');
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

function checkPipelines(config: Config, report: Report): void {
  const loaders = ['train_dataloader', 'val_dataloader', 'test_dataloader'] as const;
  const sizes = new Set<string>();
  for (const loader of loaders) {
    const dataset = config[loader]?.dataset;
    for (const { path, dataset: leaf } of dataset === undefined ? [] : leafDatasets(dataset)) {
      const at = [loader, 'dataset', ...path, 'pipeline'];
      const resizes = leaf.pipeline.filter((step) => step.type === 'Resize');
      if (resizes.length !== 1) {
        const what = `A pipeline needs one Resize, this one has ${resizes.length}.`;
        report(
          'error',
          at,
          'config-pipeline',
          what,
          'Write `- {type: Resize, scale: …, keep_ratio: true}`.',
        );
      }
      for (const type of ['LoadImageFromFile', 'PackDetInputs'] as const) {
        if (leaf.pipeline.some((step) => step.type === type)) continue;
        report(
          'error',
          at,
          'config-pipeline',
          `The pipeline has no ${type}.`,
          `Add \`- type: ${type}\`.`,
        );
      }
      if (
        loader === 'train_dataloader' &&
        !leaf.pipeline.some((step) => step.type === 'LoadAnnotations')
      ) {
        report(
          'error',
          at,
          'config-pipeline',
          'The training pipeline has no LoadAnnotations.',
          'Add `- type: LoadAnnotations`.',
        );
      }
      for (const step of resizes) sizes.add(JSON.stringify([step.scale, step.keep_ratio]));
    }
  }
  if (sizes.size > 1) {
    const what = `Training and testing resize differently: ${[...sizes].join(' and ')}.`;
    report(
      'warning',
      ['train_dataloader', 'dataset'],
      'config-pipeline-scale',
      what,
      'Boxes will have other sizes than in training.',
    );
  }
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function list(values: readonly number[]): string {
  return `[${values.join(', ')}]`;
}
