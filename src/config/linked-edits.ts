import { childAt, dotted, nodeAt, toPlain } from './config-node.ts';
import type { ConfigNode, ConfigPath, MapNode, Plain } from './config-node.ts';
import { pipelinePathsOf } from './dataset-paths.ts';
import { modelType, numClassesPath } from './num-classes-path.ts';

export interface Edit {
  readonly path: ConfigPath;
  readonly value: Plain;
  /** Replace the section at the path whole, also what its bases say (`_delete_`). */
  readonly replaceSection?: boolean;
}

/**
 * The changes that one change of a value brings with it, the change itself first. Without them the config would contradict
 * itself: pipelines of training and testing have the same scale, the neck expects the channels of the backbone, the last
 * schedule ends with the training, and another optimiser has other keys.
 */
export function linkedEdits(root: MapNode, path: ConfigPath, value: Plain): Edit[] {
  const key = dotted(path);
  if (scalePaths(root).some((scale) => dotted(scale) === key)) return scaleEdits(root, path, value);
  if (key === 'model.backbone.depth') return depthEdits(root, path, value);
  if (key === 'model.backbone.base_channels') return channelEdits(root, path, value);
  if (key === 'train_cfg.max_epochs' || key === 'train_cfg.max_iters')
    return lengthEdits(root, path, value);
  if (key === 'metainfo.classes' && Array.isArray(value)) {
    return [
      { path, value },
      { path: numClassesPath(modelType(root)), value: value.length },
    ];
  }
  if (/^model\.train_cfg\.rcnn\.assigner\.pos_iou_thr$/.test(key))
    return thresholdEdits(root, path, value);
  // No limit means no clipping at all.
  if (key === 'optim_wrapper.clip_grad.max_norm' && value === null) {
    return [{ path: path.slice(0, -1), value: null }];
  }
  if (key === 'optim_wrapper.optimizer.type') return optimizerEdits(root, path, value);
  return [{ path, value }];
}

// R-CNN ignores nothing: what is not positive is negative, so the two thresholds move together while they are equal.
function thresholdEdits(root: MapNode, path: ConfigPath, value: Plain): Edit[] {
  const old = nodeAt(root, path);
  const others = ['neg_iou_thr', 'min_pos_iou'].map((key) => [...path.slice(0, -1), key]);
  const equal = others.filter((other) => {
    const node = nodeAt(root, other);
    return node?.kind === 'scalar' && old?.kind === 'scalar' && node.value === old.value;
  });
  return [path, ...equal].map((each) => ({ path: each, value }));
}

/** Paths of the `scale` of every Resize in the pipelines of all loaders. */
export function scalePaths(root: MapNode): ConfigPath[] {
  const loaders = ['train_dataloader', 'val_dataloader', 'test_dataloader'];
  return pipelinePathsOf(root, loaders).flatMap((path) => {
    const pipeline = nodeAt(root, path);
    if (pipeline?.kind !== 'list') return [];
    return pipeline.items.flatMap((step, i) =>
      textAt(step, 'type') === 'Resize' && childAt(step, 'scale_factor') === undefined
        ? [[...path, i, 'scale']]
        : [],
    );
  });
}

function scaleEdits(root: MapNode, path: ConfigPath, value: Plain): Edit[] {
  const others = scalePaths(root).filter((other) => dotted(other) !== dotted(path));
  return [path, ...others].map((each) => ({ path: each, value }));
}

function depthEdits(root: MapNode, path: ConfigPath, value: Plain): Edit[] {
  const edits: Edit[] = [{ path, value }, ...neckEdit(root, value, baseChannels(root))];
  const at = ['model', 'backbone', 'init_cfg', 'checkpoint'];
  const weights = nodeAt(root, at);
  const named =
    weights?.kind === 'scalar' && typeof weights.value === 'string' ? weights.value : '';
  if (/^torchvision:\/\/resnet\d+$/.test(named) && typeof value === 'number') {
    edits.push({ path: at, value: `torchvision://resnet${value}` });
  }
  return edits;
}

function channelEdits(root: MapNode, path: ConfigPath, value: Plain): Edit[] {
  const depth = nodeAt(root, ['model', 'backbone', 'depth']);
  return [{ path, value }, ...neckEdit(root, depth === undefined ? null : toPlain(depth), value)];
}

function baseChannels(root: MapNode): Plain {
  const node = nodeAt(root, ['model', 'backbone', 'base_channels']);
  return node === undefined ? 64 : toPlain(node);
}

function neckEdit(root: MapNode, depth: Plain, base: Plain): Edit[] {
  const at = ['model', 'neck', 'in_channels'];
  if (nodeAt(root, at) === undefined || typeof depth !== 'number' || typeof base !== 'number')
    return [];
  const stages = nodeAt(root, ['model', 'backbone', 'out_indices']);
  const indices = stages?.kind === 'list' ? stages.items.map(toPlain) : [0, 1, 2, 3];
  const expansion = depth >= 50 ? 4 : 1;
  return [{ path: at, value: indices.map((stage) => base * 2 ** Number(stage) * expansion) }];
}

function lengthEdits(root: MapNode, path: ConfigPath, value: Plain): Edit[] {
  const old = nodeAt(root, path);
  const byEpoch = path.at(-1) === 'max_epochs';
  const schedulers = nodeAt(root, ['param_scheduler']);
  const edits: Edit[] = [{ path, value }];
  if (old?.kind !== 'scalar' || schedulers?.kind !== 'list') return edits;
  schedulers.items.forEach((scheduler, i) => {
    const end = childAt(scheduler, 'end');
    const unit = childAt(scheduler, 'by_epoch');
    const countsEpochs = unit?.kind === 'scalar' ? unit.value !== false : true;
    if (end?.kind !== 'scalar' || end.value !== old.value || countsEpochs !== byEpoch) return;
    // A warm-up as long as the training stays what it is.
    if (textAt(scheduler, 'type') !== 'LinearLR')
      edits.push({ path: ['param_scheduler', i, 'end'], value });
  });
  return edits;
}

// Another optimiser has other keys, so its section is written anew; rate and decay carry over.
function optimizerEdits(root: MapNode, path: ConfigPath, value: Plain): Edit[] {
  const at = path.slice(0, -1);
  const old = nodeAt(root, at);
  if (old?.kind !== 'map' || textAt(old, 'type') === value) return [{ path, value }];
  const shared = ['lr', 'weight_decay'].flatMap((key): [string, Plain][] => {
    const node = childAt(old, key);
    return node === undefined ? [] : [[key, toPlain(node)]];
  });
  const own: [string, Plain][] = value === 'SGD' ? [['momentum', 0.9]] : [];
  return [
    {
      path: at,
      value: Object.fromEntries([['type', value], ...shared, ...own]),
      replaceSection: true,
    },
  ];
}

function textAt(node: ConfigNode, key: string): string | undefined {
  const child = childAt(node, key);
  return child?.kind === 'scalar' && typeof child.value === 'string' ? child.value : undefined;
}
