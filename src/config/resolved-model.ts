import type { DetectorOptions } from '../models/detectors/list.ts';
import {
  normSpec,
  anchorSpec,
  coderSpec,
  focalSpec,
  crossEntropySpec,
  boxLossSpec,
  overlapLossSpec,
  assignerSpec,
  posWeight,
  nmsSpec,
} from './resolved-parts.ts';
import type { Config } from './schema/config-schema.ts';

type Model = Config['model'];
type RetinaModel = Extract<Model, { type: 'RetinaNet' }>;
type FasterModel = Extract<Model, { type: 'FasterRCNN' }>;
type FcosModel = Extract<Model, { type: 'FCOS' }>;
type Options<T extends DetectorOptions['type']> = Extract<DetectorOptions, { type: T }>;

/** `model` of the config as the detector's options. snake_case and MMDetection's nesting end here. */
export function detectorOptions({ model }: Config): DetectorOptions {
  switch (model.type) {
    case 'RetinaNet':
      return retinaNetOptions(model);
    case 'FasterRCNN':
      return fasterRcnnOptions(model);
    case 'FCOS':
      return fcosOptions(model);
  }
}

/** Number of classes, which the head owns. */
export function numClasses({ model }: Config): number {
  return model.type === 'FasterRCNN'
    ? model.roi_head.bbox_head.num_classes
    : model.bbox_head.num_classes;
}

/** Whether any assigner ignores anchors or proposals on crowd and difficult boxes (`ignore_iof_thr` above 0). */
export function looksAtIgnoredBoxes({ model }: Config): boolean {
  switch (model.type) {
    case 'RetinaNet':
      return model.train_cfg.assigner.ignore_iof_thr > 0;
    case 'FasterRCNN':
      return [model.train_cfg.rpn, model.train_cfg.rcnn].some(
        ({ assigner }) => assigner.ignore_iof_thr > 0,
      );
    case 'FCOS':
      return false;
  }
}

/** What the loader and the user need to know of the model's input and weights. */
export interface ModelInput {
  /** Height and width are padded to a multiple of this, in pixels. */
  readonly padSizeDivisor: number;
  /** Where weights come from (`torchvision://resnet50`), or null: random. */
  readonly pretrained: string | null;
}

export function modelInput({ model }: Config): ModelInput {
  const { backbone, data_preprocessor: input } = model;
  return {
    padSizeDivisor: input.pad_size_divisor,
    pretrained: backbone.init_cfg?.checkpoint ?? backbone.pretrained,
  };
}

function retinaNetOptions(model: RetinaModel): Options<'RetinaNet'> {
  const { bbox_head: head, train_cfg: train } = model;
  return {
    type: 'RetinaNet',
    ...pyramidOptions(model),
    rules: model.rules,
    head: {
      numClasses: head.num_classes,
      featChannels: head.feat_channels,
      stackedConvs: head.stacked_convs,
    },
    anchors: anchorSpec(head.anchor_generator),
    coder: coderSpec(head.bbox_coder),
    lossCls: focalSpec(head.loss_cls),
    lossBbox: boxLossSpec(head.loss_bbox),
    assigner: assignerSpec(train.assigner),
    allowedBorder: train.allowed_border,
    posWeight: posWeight(train.pos_weight),
    test: denseTestOptions(model.test_cfg),
  };
}

function fasterRcnnOptions(model: FasterModel): Options<'FasterRCNN'> {
  const { rpn_head: rpn, roi_head: roi, train_cfg: train, test_cfg: test } = model;
  return {
    type: 'FasterRCNN',
    ...pyramidOptions(model),
    rules: model.rules,
    rpnHead: {
      featChannels: rpn.feat_channels,
      numConvs: rpn.num_convs,
      anchors: anchorSpec(rpn.anchor_generator),
      coder: coderSpec(rpn.bbox_coder),
      lossCls: crossEntropySpec(rpn.loss_cls),
      lossBbox: boxLossSpec(rpn.loss_bbox),
    },
    roiHead: { extractor: extractorOptions(roi), bboxHead: bboxHeadOptions(roi) },
    train: {
      rpn: stageOptions(train.rpn),
      allowedBorder: train.rpn.allowed_border,
      rpnProposal: proposalOptions(train.rpn_proposal),
      rcnn: stageOptions(train.rcnn),
    },
    test: {
      rpn: proposalOptions(test.rpn),
      rcnn: {
        scoreThr: test.rcnn.score_thr,
        nms: nmsSpec(test.rcnn.nms),
        maxPerImg: test.rcnn.max_per_img,
      },
    },
  };
}

function fcosOptions(model: FcosModel): Options<'FCOS'> {
  const { bbox_head: head } = model;
  const { norm_cfg: norm } = head;
  return {
    type: 'FCOS',
    ...pyramidOptions(model),
    head: {
      numClasses: head.num_classes,
      featChannels: head.feat_channels,
      stackedConvs: head.stacked_convs,
      strides: head.strides,
      normOnBbox: head.norm_on_bbox,
      centernessOnReg: head.centerness_on_reg,
      convBias: head.conv_bias === 'auto' ? norm === null : head.conv_bias,
      norm: norm === null ? null : normSpec(norm),
    },
    regressRanges: head.regress_ranges,
    centerSampling: head.center_sampling ? head.center_sample_radius : null,
    lossCls: focalSpec(head.loss_cls),
    lossBbox: overlapLossSpec(head.loss_bbox),
    lossCenterness: { lossWeight: head.loss_centerness.loss_weight },
    test: denseTestOptions(model.test_cfg),
  };
}

function pyramidOptions({
  backbone,
  neck,
  data_preprocessor: input,
}: Model): Pick<DetectorOptions, 'preprocess' | 'backbone' | 'neck'> {
  return {
    preprocess: { mean: input.mean, std: input.std, rgb: input.bgr_to_rgb },
    backbone: {
      depth: backbone.depth,
      baseChannels: backbone.base_channels,
      frozenStages: backbone.frozen_stages,
      normEval: backbone.norm_eval,
      norm: normSpec(backbone.norm_cfg),
      style: backbone.style,
      deepStem: backbone.deep_stem,
      avgDown: backbone.avg_down,
      withCp: backbone.with_cp,
      zeroInitResidual: backbone.zero_init_residual,
    },
    neck: {
      outChannels: neck.out_channels,
      startLevel: neck.start_level,
      endLevel: neck.end_level,
      numOuts: neck.num_outs,
      addExtraConvs: neck.add_extra_convs === true ? 'on_input' : neck.add_extra_convs,
      reluBeforeExtraConvs: neck.relu_before_extra_convs,
      noNormOnLateral: neck.no_norm_on_lateral,
      ...(neck.norm_cfg === null ? {} : { norm: normSpec(neck.norm_cfg) }),
    },
  };
}

function stageOptions(
  stage: FasterModel['train_cfg']['rpn'] | FasterModel['train_cfg']['rcnn'],
): Options<'FasterRCNN'>['train']['rpn'] {
  const { sampler } = stage;
  return {
    assigner: assignerSpec(stage.assigner),
    sampler: {
      mode: sampler.type === 'FirstSampler' ? 'first' : 'random',
      num: sampler.num,
      posFraction: sampler.pos_fraction,
      negPosUb: sampler.neg_pos_ub,
      addGtAsProposals: sampler.add_gt_as_proposals,
    },
    posWeight: posWeight(stage.pos_weight),
  };
}

function proposalOptions(
  proposals: FasterModel['test_cfg']['rpn'],
): Options<'FasterRCNN'>['test']['rpn'] {
  return {
    nmsPre: proposals.nms_pre,
    maxPerImg: proposals.max_per_img,
    nmsIouThr: proposals.nms.iou_threshold,
    minBboxSize: proposals.min_bbox_size,
  };
}

function denseTestOptions(test: RetinaModel['test_cfg']): Options<'RetinaNet'>['test'] {
  return {
    nmsPre: test.nms_pre,
    minBboxSize: test.min_bbox_size,
    scoreThr: test.score_thr,
    nms: nmsSpec(test.nms),
    maxPerImg: test.max_per_img,
  };
}

type Bins = FasterModel['roi_head']['bbox_head']['roi_feat_size'];

function bins(size: Bins): readonly [number, number] {
  return typeof size === 'number' ? [size, size] : size;
}

function extractorOptions({
  bbox_roi_extractor: extractor,
}: FasterModel['roi_head']): Options<'FasterRCNN'>['roiHead']['extractor'] {
  const { roi_layer: layer } = extractor;
  return {
    featmapStrides: extractor.featmap_strides,
    finestScale: extractor.finest_scale,
    outputSize: bins(layer.output_size),
    samplingRatio: layer.sampling_ratio,
    aligned: layer.aligned,
  };
}

function bboxHeadOptions({
  bbox_head: head,
}: FasterModel['roi_head']): Options<'FasterRCNN'>['roiHead']['bboxHead'] {
  return {
    ...layerCounts(head),
    numClasses: head.num_classes,
    convOutChannels: head.conv_out_channels,
    fcOutChannels: head.fc_out_channels,
    norm: head.norm_cfg === null ? null : normSpec(head.norm_cfg),
    regClassAgnostic: head.reg_class_agnostic,
    coder: coderSpec(head.bbox_coder),
    lossCls: crossEntropySpec(head.loss_cls),
    lossBbox: boxLossSpec(head.loss_bbox),
  };
}

const NO_BRANCHES = { numClsConvs: 0, numClsFcs: 0, numRegConvs: 0, numRegFcs: 0 };

function layerCounts(
  head: FasterModel['roi_head']['bbox_head'],
): Pick<
  Options<'FasterRCNN'>['roiHead']['bboxHead'],
  'numSharedConvs' | 'numSharedFcs' | keyof typeof NO_BRANCHES
> {
  switch (head.type) {
    case 'Shared2FCBBoxHead':
      return { numSharedConvs: 0, numSharedFcs: 2, ...NO_BRANCHES };
    case 'Shared4Conv1FCBBoxHead':
      return { numSharedConvs: 4, numSharedFcs: 1, ...NO_BRANCHES };
    case 'ConvFCBBoxHead':
      return {
        numSharedConvs: head.num_shared_convs,
        numSharedFcs: head.num_shared_fcs,
        numClsConvs: head.num_cls_convs,
        numClsFcs: head.num_cls_fcs,
        numRegConvs: head.num_reg_convs,
        numRegFcs: head.num_reg_fcs,
      };
  }
}
