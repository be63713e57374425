import { childAt, dotted, nodeAt } from './config-node.ts';
import type { ConfigPath, MapNode } from './config-node.ts';
import { pipelinePathsOf } from './dataset-paths.ts';
import { scalePaths } from './linked-edits.ts';
import { modelFields } from './model-fields.ts';

export type FieldKind = 'number' | 'integer' | 'boolean' | 'choice' | 'list' | 'size' | 'strings';

/** What a form field is, before it has a value. */
export interface FieldSpec {
  readonly path: ConfigPath;
  /** i18n id of its label. */
  readonly labelId: string;
  readonly kind: FieldKind;
  readonly group: 'data' | 'schedule' | 'optimizer' | 'anchors' | 'model';
  readonly choices?: readonly string[];
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
}

/**
 * The values that people change first, in the order of the form. Which there are depends on the config: epochs or
 * iterations, momentum with SGD only, warm-up where there is one.
 */
export function fieldSpecs(root: MapNode): FieldSpec[] {
  return [
    ...dataFields(root),
    ...scheduleFields(root),
    ...optimizerFields(root),
    ...modelFields(root),
  ];
}

function dataFields(root: MapNode): FieldSpec[] {
  const fields: FieldSpec[] = [
    { path: ['metainfo', 'classes'], labelId: 'field.classes', kind: 'strings', group: 'data' },
  ];
  const scale = scalePaths(root)[0];
  if (scale !== undefined) {
    fields.push({
      path: scale,
      labelId: 'field.imageSize',
      kind: 'size',
      group: 'data',
      unit: 'px',
      min: 32,
      max: 4096,
    });
  }
  fields.push({
    path: ['train_dataloader', 'batch_size'],
    labelId: 'field.batchSize',
    kind: 'integer',
    group: 'data',
    unit: 'images',
    min: 1,
    max: 256,
  });
  const flip = flipPath(root);
  if (flip !== undefined) {
    fields.push({
      path: flip,
      labelId: 'field.flipProb',
      kind: 'number',
      group: 'data',
      min: 0,
      max: 1,
    });
  }
  return fields;
}

/** The probability of the training pipeline's flip, where it is one number. */
function flipPath(root: MapNode): ConfigPath | undefined {
  const found = pipelinePathsOf(root, ['train_dataloader']).flatMap((path) => {
    const pipeline = nodeAt(root, path);
    if (pipeline?.kind !== 'list') return [];
    return pipeline.items.flatMap((step, i) =>
      scalarAt(step, 'type') === 'RandomFlip' && childAt(step, 'prob')?.kind !== 'list'
        ? [[...path, i, 'prob']]
        : [],
    );
  });
  return found[0];
}

function scheduleFields(root: MapNode): FieldSpec[] {
  const byEpoch = scalarAt(nodeAt(root, ['train_cfg']), 'type') !== 'IterBasedTrainLoop';
  const length: FieldSpec = byEpoch
    ? {
        path: ['train_cfg', 'max_epochs'],
        labelId: 'field.maxEpochs',
        kind: 'integer',
        group: 'schedule',
        unit: 'epochs',
        min: 1,
      }
    : {
        path: ['train_cfg', 'max_iters'],
        labelId: 'field.maxIters',
        kind: 'integer',
        group: 'schedule',
        unit: 'iterations',
        min: 1,
      };
  const fields = [length];
  const schedulers = nodeAt(root, ['param_scheduler']);
  const items = schedulers?.kind === 'list' ? schedulers.items : [];
  items.forEach((scheduler, i) => {
    const type = scalarAt(scheduler, 'type');
    const unit = scalarAt(scheduler, 'by_epoch') === false ? 'iterations' : 'epochs';
    if (type === 'LinearLR') {
      fields.push({
        path: ['param_scheduler', i, 'end'],
        labelId: 'field.warmup',
        kind: 'integer',
        group: 'schedule',
        unit,
        min: 1,
      });
    }
    if (type === 'MultiStepLR') {
      fields.push({
        path: ['param_scheduler', i, 'milestones'],
        labelId: 'field.milestones',
        kind: 'list',
        group: 'schedule',
        unit,
        min: 1,
      });
    }
  });
  return fields;
}

function optimizerFields(root: MapNode): FieldSpec[] {
  const at = ['optim_wrapper', 'optimizer'];
  const group = 'optimizer';
  const fields: FieldSpec[] = [
    {
      path: [...at, 'type'],
      labelId: 'field.optimizer',
      kind: 'choice',
      group,
      choices: ['SGD', 'AdamW', 'Adam'],
    },
    { path: [...at, 'lr'], labelId: 'field.lr', kind: 'number', group, min: 0 },
  ];
  if (scalarAt(nodeAt(root, at), 'type') === 'SGD') {
    fields.push({
      path: [...at, 'momentum'],
      labelId: 'field.momentum',
      kind: 'number',
      group,
      min: 0,
      max: 1,
    });
  }
  fields.push(
    { path: [...at, 'weight_decay'], labelId: 'field.weightDecay', kind: 'number', group, min: 0 },
    {
      path: ['optim_wrapper', 'clip_grad', 'max_norm'],
      labelId: 'field.clipMaxNorm',
      kind: 'number',
      group,
      min: 0,
    },
  );
  return fields;
}

function scalarAt(
  node: ReturnType<typeof nodeAt>,
  key: string,
): string | number | boolean | null | undefined {
  const child = node === undefined ? undefined : childAt(node, key);
  return child?.kind === 'scalar' ? child.value : undefined;
}

/**
 * The value of a form field as the config wants it: a choice of the depth is a number there. Other values pass unchanged.
 */
export function fieldValue(key: string, value: unknown): unknown {
  return key === 'model.backbone.depth' && typeof value === 'string' && /^\d+$/.test(value)
    ? Number(value)
    : value;
}

/** Dotted key of a field. */
export function fieldKey(spec: FieldSpec): string {
  return dotted(spec.path);
}
