import type { ConfigPath, MapNode } from './config-node.ts';
import type { FieldSpec } from './fields.ts';
import { modelType } from './num-classes-path.ts';

const DEPTHS = ['18', '34', '50', '101', '152'];

/** Fields of anchors, matching and the model itself; which there are follows from the detector. */
export function modelFields(root: MapNode): FieldSpec[] {
  switch (modelType(root)) {
    case 'FasterRCNN':
      return [
        ...fasterRcnnFields(),
        ...backboneFields(),
        ...testFields(['model', 'test_cfg', 'rcnn']),
      ];
    case 'FCOS':
      return [...fcosFields(), ...backboneFields(), ...testFields(['model', 'test_cfg'])];
    default:
      return [...retinaFields(), ...backboneFields(), ...testFields(['model', 'test_cfg'])];
  }
}

function retinaFields(): FieldSpec[] {
  const at = ['model', 'bbox_head', 'anchor_generator'];
  const group = 'anchors';
  return [
    {
      path: [...at, 'octave_base_scale'],
      labelId: 'field.octaveBaseScale',
      kind: 'number',
      group,
      unit: 'strides',
      min: 0,
    },
    {
      path: [...at, 'scales_per_octave'],
      labelId: 'field.scalesPerOctave',
      kind: 'integer',
      group,
      min: 1,
      max: 8,
    },
    ratios(at),
    ...thresholds(['model', 'train_cfg', 'assigner'], 'field.posIouThr', 'field.negIouThr'),
  ];
}

function fasterRcnnFields(): FieldSpec[] {
  const at = ['model', 'rpn_head', 'anchor_generator'];
  const train = ['model', 'train_cfg'];
  const group = 'anchors';
  return [
    {
      path: [...at, 'scales'],
      labelId: 'field.anchorScales',
      kind: 'list',
      group,
      unit: 'strides',
      min: 0,
    },
    ratios(at),
    ...thresholds([...train, 'rpn', 'assigner'], 'field.rpnPosIouThr', 'field.rpnNegIouThr'),
    {
      path: [...train, 'rcnn', 'assigner', 'pos_iou_thr'],
      labelId: 'field.rcnnPosIouThr',
      kind: 'number',
      group,
      min: 0,
      max: 1,
    },
    {
      path: [...train, 'rpn_proposal', 'max_per_img'],
      labelId: 'field.proposals',
      kind: 'integer',
      group,
      min: 1,
      max: 10_000,
    },
    {
      path: [...train, 'rcnn', 'sampler', 'num'],
      labelId: 'field.rcnnSamples',
      kind: 'integer',
      group,
      min: 1,
      max: 10_000,
    },
  ];
}

function fcosFields(): FieldSpec[] {
  const at = ['model', 'bbox_head'];
  const group = 'anchors';
  return [
    {
      path: [...at, 'center_sampling'],
      labelId: 'field.centerSampling',
      kind: 'boolean',
      group,
    },
    {
      path: [...at, 'center_sample_radius'],
      labelId: 'field.centerSampleRadius',
      kind: 'number',
      group,
      unit: 'strides',
      min: 0,
    },
  ];
}

function ratios(at: ConfigPath): FieldSpec {
  return {
    path: [...at, 'ratios'],
    labelId: 'field.ratios',
    kind: 'list',
    group: 'anchors',
    min: 0,
  };
}

function thresholds(at: ConfigPath, positive: string, negative: string): FieldSpec[] {
  const iou = { kind: 'number', group: 'anchors', min: 0, max: 1 } as const;
  return [
    { path: [...at, 'pos_iou_thr'], labelId: positive, ...iou },
    { path: [...at, 'neg_iou_thr'], labelId: negative, ...iou },
  ];
}

function backboneFields(): FieldSpec[] {
  const at = ['model', 'backbone'];
  const group = 'model';
  return [
    { path: [...at, 'depth'], labelId: 'field.depth', kind: 'choice', group, choices: DEPTHS },
    {
      path: [...at, 'frozen_stages'],
      labelId: 'field.frozenStages',
      kind: 'integer',
      group,
      min: -1,
      max: 4,
    },
    { path: [...at, 'norm_eval'], labelId: 'field.normEval', kind: 'boolean', group },
  ];
}

function testFields(at: ConfigPath): FieldSpec[] {
  const part = { kind: 'number', group: 'model', min: 0, max: 1 } as const;
  return [
    { path: [...at, 'score_thr'], labelId: 'field.scoreThr', ...part },
    { path: [...at, 'nms', 'iou_threshold'], labelId: 'field.nmsIouThr', ...part },
  ];
}
