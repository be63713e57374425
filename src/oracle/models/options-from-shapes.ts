import type { PyramidOptions } from '../../models/detectors/pyramid-extractor.ts';
import type { CoderSpec } from '../../models/losses/loss-options.ts';
import type { FixtureModelOptions } from './model-config.ts';

type RetinaNetOptions = Extract<FixtureModelOptions, { readonly type: 'RetinaNet' }>;
type FasterRcnnOptions = Extract<FixtureModelOptions, { readonly type: 'FasterRCNN' }>;

/** Shapes of a state_dict by MMDetection's names. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

const PLAIN_CODER: CoderSpec = { means: [0, 0, 0, 0], stds: [1, 1, 1, 1] };
const RCNN_CODER: CoderSpec = { means: [0, 0, 0, 0], stds: [0.1, 0.1, 0.2, 0.2] };
const L1 = { type: 'L1Loss', lossWeight: 1 } as const;
const NMS = { type: 'nms', iouThreshold: 0.5, classAgnostic: false } as const;
const CROSS_ENTROPY = { lossWeight: 1, classWeight: null };
const RATIOS = [0.5, 1, 2];

/** How many different numbers stand in names at the group of a pattern. */
function countOf(shapes: Shapes, pattern: RegExp): number {
  const found = new Set<string>();
  for (const name of shapes.keys()) {
    const [, number] = pattern.exec(name) ?? [];
    if (number !== undefined) found.add(number);
  }
  return found.size;
}

function rowsOf(shapes: Shapes, name: string): number {
  const rows = shapes.get(name)?.[0];
  if (rows === undefined) throw new Error(`the shapes have no ${name}`);
  return rows;
}

/** A ResNet with stage 1 frozen and norms in evaluation mode, and an FPN, as MMDetection's presets have them. */
function pyramidOf(shapes: Shapes): PyramidOptions {
  const stage = (index: number) =>
    countOf(shapes, new RegExp(`^backbone\\.layer${index}\\.(\\d+)\\.`));
  const laterals = countOf(shapes, /^neck\.lateral_convs\.(\d+)\./);
  const convs = countOf(shapes, /^neck\.fpn_convs\.(\d+)\./);
  return {
    // The pages feed what is normalised already.
    preprocess: { mean: [0, 0, 0], std: [1, 1, 1], rgb: true },
    backbone: {
      // Of no effect beside the stages.
      depth: 18,
      stages: {
        block: shapes.has('backbone.layer1.0.conv3.weight') ? 'bottleneck' : 'basic',
        blocks: [stage(1), stage(2), stage(3), stage(4)],
      },
      baseChannels: rowsOf(shapes, 'backbone.conv1.weight'),
      frozenStages: 1,
      normEval: true,
      norm: { type: 'BN', requiresGrad: true },
      style: 'pytorch',
      zeroInitResidual: false,
    },
    neck: {
      outChannels: rowsOf(shapes, 'neck.lateral_convs.0.conv.weight'),
      startLevel: 4 - laterals,
      numOuts: Math.max(convs, 5),
      addExtraConvs: extraConvs(shapes, laterals),
      reluBeforeExtraConvs: false,
    },
  };
}

/** Extra convolutions read C5 (MMDetection) or P5 (torchvision), as their input channels tell. */
function extraConvs(shapes: Shapes, laterals: number): false | 'on_input' | 'on_output' {
  const extra = shapes.get(`neck.fpn_convs.${laterals}.conv.weight`);
  if (extra === undefined) return false;
  const [, c5] = shapes.get(`neck.lateral_convs.${laterals - 1}.conv.weight`) ?? [];
  return extra[1] === c5 ? 'on_input' : 'on_output';
}

/** RetinaNet as MMDetection's `retinanet_r50_fpn`, in the sizes of a state_dict. */
export function retinaNetOf(shapes: Shapes): RetinaNetOptions {
  const anchors = rowsOf(shapes, 'bbox_head.retina_reg.weight') / 4;
  return {
    type: 'RetinaNet',
    rules: 'mmdetection',
    ...pyramidOf(shapes),
    head: {
      numClasses: rowsOf(shapes, 'bbox_head.retina_cls.weight') / anchors,
      featChannels: rowsOf(shapes, 'bbox_head.cls_convs.0.conv.weight'),
      stackedConvs: countOf(shapes, /^bbox_head\.cls_convs\.(\d+)\./),
    },
    anchors: {
      type: 'AnchorGenerator',
      strides: [8, 16, 32, 64, 128],
      ratios: RATIOS,
      octaveBaseScale: 4,
      scalesPerOctave: anchors / RATIOS.length,
    },
    coder: PLAIN_CODER,
    lossCls: { gamma: 2, alpha: 0.25, lossWeight: 1 },
    lossBbox: L1,
    assigner: { posIouThr: 0.5, negIouThr: 0.4, minPosIou: 0 },
    allowedBorder: -1,
    posWeight: 1,
    test: { nmsPre: 1000, minBboxSize: 0, scoreThr: 0.05, nms: NMS, maxPerImg: 100 },
  };
}

/** What a page says of Faster R-CNN's numbers beyond the preset's. */
export interface RcnnNumbers {
  readonly samples: number;
  readonly train: { readonly nmsPre: number; readonly maxPerImg: number };
  readonly test: { readonly nmsPre: number; readonly maxPerImg: number };
}

const PRESET_NUMBERS: RcnnNumbers = {
  samples: 256,
  train: { nmsPre: 2000, maxPerImg: 1000 },
  test: { nmsPre: 1000, maxPerImg: 1000 },
};

/** Faster R-CNN as MMDetection's `faster-rcnn_r50_fpn`, in the sizes of a state_dict; sampling takes the first. */
export function fasterRcnnOf(shapes: Shapes, numbers = PRESET_NUMBERS): FasterRcnnOptions {
  const clsRows = rowsOf(shapes, 'roi_head.bbox_head.fc_cls.weight');
  const fcOutChannels = rowsOf(shapes, 'roi_head.bbox_head.shared_fcs.0.weight');
  const proposals = (phase: 'train' | 'test') => ({
    ...numbers[phase],
    nmsIouThr: 0.7,
    minBboxSize: 0,
  });
  const sampler = (posFraction: number, addGtAsProposals: boolean) =>
    ({ mode: 'first', negPosUb: -1, num: numbers.samples, posFraction, addGtAsProposals }) as const;
  return {
    type: 'FasterRCNN',
    rules: 'mmdetection',
    ...pyramidOf(shapes),
    rpnHead: {
      featChannels: rowsOf(shapes, 'rpn_head.rpn_conv.weight'),
      numConvs: 1,
      anchors: {
        type: 'AnchorGenerator',
        strides: [4, 8, 16, 32, 64],
        ratios: RATIOS,
        scales: [8],
      },
      coder: PLAIN_CODER,
      lossCls: CROSS_ENTROPY,
      lossBbox: L1,
    },
    roiHead: {
      extractor: {
        featmapStrides: [4, 8, 16, 32],
        outputSize: [7, 7],
        samplingRatio: 0,
        aligned: true,
        finestScale: 56,
      },
      bboxHead: {
        numClasses: clsRows - 1,
        numSharedConvs: 0,
        numSharedFcs: 2,
        numClsConvs: 0,
        numClsFcs: 0,
        numRegConvs: 0,
        numRegFcs: 0,
        convOutChannels: fcOutChannels,
        fcOutChannels,
        norm: null,
        regClassAgnostic: false,
        coder: RCNN_CODER,
        lossCls: CROSS_ENTROPY,
        lossBbox: L1,
      },
    },
    train: {
      rpn: {
        assigner: { posIouThr: 0.7, negIouThr: 0.3, minPosIou: 0.3 },
        sampler: sampler(0.5, false),
        posWeight: 1,
      },
      allowedBorder: -1,
      rpnProposal: proposals('train'),
      rcnn: {
        assigner: { posIouThr: 0.5, negIouThr: 0.5, minPosIou: 0.5, matchLowQuality: false },
        sampler: sampler(0.25, true),
        posWeight: 1,
      },
    },
    test: {
      rpn: proposals('test'),
      rcnn: { scoreThr: 0.05, nms: NMS, maxPerImg: 100 },
    },
  };
}
