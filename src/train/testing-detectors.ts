import type { DetectorOptions } from '../models/detectors/list.ts';
import type { PyramidOptions } from '../models/detectors/pyramid-extractor.ts';

/** Detectors small enough for a processor that plays a GPU, for tests of training: 64-pixel images, three classes. */

const PYRAMID: PyramidOptions = {
  backbone: {
    depth: 18,
    baseChannels: 8,
    frozenStages: -1,
    normEval: false,
    norm: { type: 'BN', requiresGrad: true },
    style: 'pytorch',
    zeroInitResidual: false,
  },
  neck: {
    outChannels: 8,
    startLevel: 1,
    numOuts: 3,
    addExtraConvs: false,
    reluBeforeExtraConvs: false,
  },
  preprocess: { mean: [128, 128, 128], std: [60, 60, 60], rgb: true },
};
const NUM_CLASSES = 3;
const PLAIN_CODER = { means: [0, 0, 0, 0], stds: [1, 1, 1, 1] } as const;
const NMS = { type: 'nms', iouThreshold: 0.5, classAgnostic: false } as const;
const DENSE_TEST = { nmsPre: 1000, minBboxSize: 0, scoreThr: 0.05, nms: NMS, maxPerImg: 100 };
const FOCAL = { gamma: 2, alpha: 0.25, lossWeight: 1 } as const;
const L1 = { type: 'L1Loss', lossWeight: 1 } as const;
const CROSS_ENTROPY = { lossWeight: 1, classWeight: null };

const SMALL_RETINANET: Extract<DetectorOptions, { type: 'RetinaNet' }> = {
  type: 'RetinaNet',
  rules: 'mmdetection',
  ...PYRAMID,
  head: { numClasses: NUM_CLASSES, featChannels: 8, stackedConvs: 1 },
  anchors: {
    type: 'AnchorGenerator',
    strides: [8, 16, 32],
    ratios: [1],
    octaveBaseScale: 2,
    scalesPerOctave: 2,
  },
  coder: PLAIN_CODER,
  lossCls: FOCAL,
  lossBbox: L1,
  assigner: { posIouThr: 0.5, negIouThr: 0.4 },
  allowedBorder: -1,
  posWeight: 1,
  test: DENSE_TEST,
};

const PROPOSALS = { nmsPre: 100, maxPerImg: 40, nmsIouThr: 0.7, minBboxSize: 0 };
const DRAW = { mode: 'random', negPosUb: -1 } as const;

const SMALL_FASTER_RCNN: Extract<DetectorOptions, { type: 'FasterRCNN' }> = {
  type: 'FasterRCNN',
  rules: 'mmdetection',
  ...PYRAMID,
  rpnHead: {
    featChannels: 8,
    numConvs: 1,
    anchors: { type: 'AnchorGenerator', strides: [8, 16, 32], ratios: [0.5, 1, 2], scales: [2] },
    coder: PLAIN_CODER,
    lossCls: CROSS_ENTROPY,
    lossBbox: L1,
  },
  roiHead: {
    extractor: {
      featmapStrides: [8, 16],
      outputSize: [7, 7],
      samplingRatio: 0,
      aligned: true,
      finestScale: 14,
    },
    bboxHead: {
      numClasses: NUM_CLASSES,
      numSharedConvs: 0,
      numSharedFcs: 2,
      numClsConvs: 0,
      numClsFcs: 0,
      numRegConvs: 0,
      numRegFcs: 0,
      convOutChannels: 8,
      fcOutChannels: 16,
      norm: null,
      regClassAgnostic: false,
      coder: { means: [0, 0, 0, 0], stds: [0.1, 0.1, 0.2, 0.2] },
      lossCls: CROSS_ENTROPY,
      lossBbox: L1,
    },
  },
  train: {
    rpn: {
      assigner: { posIouThr: 0.7, negIouThr: 0.3, minPosIou: 0.3 },
      sampler: { ...DRAW, num: 32, posFraction: 0.5, addGtAsProposals: false },
      posWeight: 1,
    },
    allowedBorder: -1,
    rpnProposal: PROPOSALS,
    rcnn: {
      assigner: { posIouThr: 0.5, negIouThr: 0.5, minPosIou: 0.5, matchLowQuality: false },
      sampler: { ...DRAW, num: 16, posFraction: 0.25, addGtAsProposals: true },
      posWeight: 1,
    },
  },
  test: { rpn: PROPOSALS, rcnn: { scoreThr: 0.05, nms: NMS, maxPerImg: 100 } },
};

const SMALL_FCOS: Extract<DetectorOptions, { type: 'FCOS' }> = {
  type: 'FCOS',
  ...PYRAMID,
  head: {
    numClasses: NUM_CLASSES,
    featChannels: 8,
    stackedConvs: 1,
    strides: [8, 16, 32],
    normOnBbox: true,
    centernessOnReg: true,
    convBias: true,
    norm: { type: 'GN', requiresGrad: true, numGroups: 2 },
  },
  regressRanges: [
    [-1, 16],
    [16, 32],
    [32, 1e8],
  ],
  centerSampling: 1.5,
  lossCls: FOCAL,
  lossBbox: { type: 'GIoULoss', lossWeight: 1, eps: 1e-6 },
  lossCenterness: { lossWeight: 1 },
  test: DENSE_TEST,
};

/** Every detector, by its type. */
export const SMALL_DETECTORS: readonly DetectorOptions[] = [
  SMALL_RETINANET,
  SMALL_FASTER_RCNN,
  SMALL_FCOS,
];
