import { z } from 'zod';
import type { DetectorOptions } from '../../models/detectors/list.ts';
import type { PyramidOptions } from '../../models/detectors/pyramid-extractor.ts';
import type { CoderSpec } from '../../models/losses/loss-options.ts';
import { fourNumbers, numbers } from '../page-schemas.ts';

type RetinaNetOptions = Extract<DetectorOptions, { readonly type: 'RetinaNet' }>;
type FasterRcnnOptions = Extract<DetectorOptions, { readonly type: 'FasterRCNN' }>;
export type FixtureModelOptions = RetinaNetOptions | FasterRcnnOptions;

const counts = z.object({ train: z.number(), test: z.number() });
const head = z.object({ fpn_channels: z.number(), norm: z.string(), strides: numbers });

const mmdetHead = head.extend({
  frozen_stages: z.number(),
  normalise: z.object({ mean: numbers, std: numbers, to_rgb: z.boolean() }),
  fpn: z.object({
    start_level: z.number(),
    add_extra_convs: z.union([z.literal(false), z.enum(['on_input', 'on_lateral', 'on_output'])]),
    num_outs: z.number(),
    relu_before_extra_convs: z.boolean().default(false),
  }),
  ratios: numbers,
});
const mmdetAssigner = z.object({
  pos_iou_thr: z.number(),
  neg_iou_thr: z.number(),
  min_pos_iou: z.number(),
  match_low_quality: z.boolean(),
});

const mmdetRetina = mmdetHead.extend({
  octave_base_scale: z.number(),
  scales_per_octave: z.number(),
  stacked_convs: z.number(),
  assigner: mmdetAssigner,
  target_stds: fourNumbers,
  focal_alpha: z.number(),
  focal_gamma: z.number(),
  test_cfg: z.object({
    nms_pre: z.number(),
    score_thr: z.number(),
    nms_iou: z.number(),
    max_per_img: z.number(),
  }),
});

const mmdetFaster = mmdetHead.extend({
  scales: numbers,
  rpn: z.object({
    assigner: mmdetAssigner,
    num: z.number(),
    pos_fraction: z.number(),
    target_stds: fourNumbers,
    nms_pre: counts,
    max_per_img: counts,
    nms_iou: z.number(),
    min_bbox_size: z.number(),
  }),
  roi: z.object({
    assigner: mmdetAssigner,
    num: z.number(),
    pos_fraction: z.number(),
    target_stds: fourNumbers,
    roi_align: z.object({
      output: z.number(),
      sampling_ratio: z.number(),
      aligned: z.boolean(),
      finest_scale: z.number(),
    }),
    fc: z.number(),
  }),
  test_cfg: z.object({ score_thr: z.number(), nms_iou: z.number(), max_per_img: z.number() }),
});

const torchvisionHead = head.extend({
  anchor_sizes: z.array(numbers),
  anchor_ratios: numbers,
  score_thresh: z.number(),
  nms_thresh: z.number(),
  detections_per_img: z.number(),
});
const torchvisionMatcher = z.object({
  fg_iou_thresh: z.number(),
  bg_iou_thresh: z.number(),
  allow_low_quality_matches: z.boolean(),
});

const torchvisionRetina = torchvisionHead.extend({
  ...torchvisionMatcher.shape,
  head_convs: z.number(),
  box_weights: fourNumbers,
  focal_alpha: z.number(),
  focal_gamma: z.number(),
  topk_candidates: z.number(),
});

const torchvisionStage = torchvisionMatcher.extend({
  batch_size_per_image: z.number(),
  positive_fraction: z.number(),
  box_weights: fourNumbers,
});

const torchvisionFaster = torchvisionHead.extend({
  rpn: torchvisionStage.extend({
    pre_nms_top_n: counts,
    post_nms_top_n: counts,
    nms_thresh: z.number(),
    min_size: z.number(),
  }),
  roi: torchvisionStage,
  roi_align: z.object({
    output: z.number(),
    sampling_ratio: z.number(),
    aligned: z.boolean(),
  }),
  fc: z.number(),
});

const configSchema = z.object({
  rules: z.enum(['mmdetection', 'torchvision']),
  backbone: z.object({
    block: z.enum(['BasicBlock', 'Bottleneck']),
    blocks: z.tuple([z.number(), z.number(), z.number(), z.number()]),
    base_channels: z.number(),
  }),
  detector: z.unknown(),
  config: z.object({
    type: z.enum(['RetinaNet', 'FasterRCNN']),
    num_classes: z.number(),
  }),
});

type Config = z.infer<typeof configSchema>;

/** ImageNet's numbers for RGB in 0 … 1, which torchvision's detectors normalise by. */
const TORCHVISION_MEAN = [0.485, 0.456, 0.406].map((value) => value * 255);
const TORCHVISION_STD = [0.229, 0.224, 0.225].map((value) => value * 255);

const PLAIN_MEANS = [0, 0, 0, 0] as const;
/** The fixtures sample without chance: the first ones by their index. */
const FIRST = { mode: 'first', negPosUb: -1 } as const;
const CROSS_ENTROPY = { lossWeight: 1, classWeight: null };
const L1 = { type: 'L1Loss', lossWeight: 1 } as const;
/** β of torchvision's box losses. */
const SMOOTH_L1 = { type: 'SmoothL1Loss', lossWeight: 1, beta: 1 / 9 } as const;

function nms(iouThreshold: number) {
  return { type: 'nms', iouThreshold, classAgnostic: false } as const;
}

function coderOfWeights([x, y, w, h]: z.infer<typeof fourNumbers>): CoderSpec {
  return { means: PLAIN_MEANS, stds: [1 / x, 1 / y, 1 / w, 1 / h] };
}

function backboneOf(
  { backbone, rules }: Config,
  { norm }: z.infer<typeof head>,
  frozenStages: number,
): PyramidOptions['backbone'] {
  const eps = Number(/eps ([\d.e-]+)/.exec(norm)?.[1] ?? 1e-5);
  return {
    // Of no effect beside the stages.
    depth: 18,
    stages: {
      block: backbone.block === 'BasicBlock' ? 'basic' : 'bottleneck',
      blocks: backbone.blocks,
    },
    baseChannels: backbone.base_channels,
    frozenStages,
    normEval: true,
    norm:
      rules === 'torchvision'
        ? { type: 'FrozenBN', requiresGrad: false, eps }
        : { type: 'BN', requiresGrad: true, eps },
    style: 'pytorch',
    zeroInitResidual: false,
  };
}

function mmdetPyramid(config: Config, detector: z.infer<typeof mmdetHead>): PyramidOptions {
  const { fpn, normalise } = detector;
  return {
    preprocess: { mean: normalise.mean, std: normalise.std, rgb: normalise.to_rgb },
    backbone: backboneOf(config, detector, detector.frozen_stages),
    neck: {
      outChannels: detector.fpn_channels,
      startLevel: fpn.start_level,
      numOuts: fpn.num_outs,
      addExtraConvs: fpn.add_extra_convs,
      reluBeforeExtraConvs: fpn.relu_before_extra_convs,
    },
  };
}

/** P6 and P7 of torchvision's RetinaNet are convolutions of P5; Faster R-CNN's P6 is pooled. */
function torchvisionPyramid(
  config: Config,
  detector: z.infer<typeof torchvisionHead>,
): PyramidOptions {
  const retina = config.config.type === 'RetinaNet';
  return {
    preprocess: { mean: TORCHVISION_MEAN, std: TORCHVISION_STD, rgb: true },
    backbone: backboneOf(config, detector, -1),
    neck: {
      outChannels: detector.fpn_channels,
      startLevel: retina ? 1 : 0,
      numOuts: detector.strides.length,
      addExtraConvs: retina ? 'on_output' : false,
      reluBeforeExtraConvs: retina,
    },
  };
}

function mmdetMatcher(assigner: z.infer<typeof mmdetAssigner>) {
  return {
    posIouThr: assigner.pos_iou_thr,
    negIouThr: assigner.neg_iou_thr,
    minPosIou: assigner.min_pos_iou,
    matchLowQuality: assigner.match_low_quality,
  };
}

function torchvisionMatch(matcher: z.infer<typeof torchvisionMatcher>) {
  return {
    posIouThr: matcher.fg_iou_thresh,
    negIouThr: matcher.bg_iou_thresh,
    matchLowQuality: matcher.allow_low_quality_matches,
  };
}

function mmdetRetinaNet(config: Config): RetinaNetOptions {
  const detector = mmdetRetina.parse(config.detector);
  const { test_cfg: test } = detector;
  return {
    type: 'RetinaNet',
    rules: 'mmdetection',
    ...mmdetPyramid(config, detector),
    head: {
      numClasses: config.config.num_classes,
      featChannels: detector.fpn_channels,
      stackedConvs: detector.stacked_convs,
    },
    anchors: {
      type: 'AnchorGenerator',
      strides: detector.strides,
      ratios: detector.ratios,
      octaveBaseScale: detector.octave_base_scale,
      scalesPerOctave: detector.scales_per_octave,
    },
    coder: { means: PLAIN_MEANS, stds: detector.target_stds },
    lossCls: { gamma: detector.focal_gamma, alpha: detector.focal_alpha, lossWeight: 1 },
    lossBbox: L1,
    assigner: mmdetMatcher(detector.assigner),
    allowedBorder: -1,
    posWeight: 1,
    test: {
      nmsPre: test.nms_pre,
      minBboxSize: 0,
      scoreThr: test.score_thr,
      nms: nms(test.nms_iou),
      maxPerImg: test.max_per_img,
    },
  };
}

function torchvisionRetinaNet(config: Config): RetinaNetOptions {
  const detector = torchvisionRetina.parse(config.detector);
  return {
    type: 'RetinaNet',
    rules: 'torchvision',
    ...torchvisionPyramid(config, detector),
    head: {
      numClasses: config.config.num_classes,
      featChannels: detector.fpn_channels,
      stackedConvs: detector.head_convs,
    },
    anchors: {
      type: 'TorchvisionAnchorGenerator',
      sizes: detector.anchor_sizes,
      ratios: detector.anchor_ratios,
    },
    coder: coderOfWeights(detector.box_weights),
    lossCls: { gamma: detector.focal_gamma, alpha: detector.focal_alpha, lossWeight: 1 },
    lossBbox: L1,
    assigner: torchvisionMatch(detector),
    allowedBorder: -1,
    posWeight: 1,
    test: {
      nmsPre: detector.topk_candidates,
      minBboxSize: -1,
      scoreThr: detector.score_thresh,
      nms: nms(detector.nms_thresh),
      maxPerImg: detector.detections_per_img,
    },
  };
}

/** Two fully connected layers of `fcOutChannels`, and nothing else. */
function boxHead(numClasses: number, fcOutChannels: number) {
  return {
    numClasses,
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
    lossCls: CROSS_ENTROPY,
  } as const;
}

function mmdetFasterRcnn(config: Config): FasterRcnnOptions {
  const detector = mmdetFaster.parse(config.detector);
  const { rpn, roi, test_cfg: test, fpn_channels: channels } = detector;
  const { roi_align: align } = roi;
  const proposals = (phase: 'train' | 'test') => ({
    nmsPre: rpn.nms_pre[phase],
    maxPerImg: rpn.max_per_img[phase],
    nmsIouThr: rpn.nms_iou,
    minBboxSize: rpn.min_bbox_size,
  });
  return {
    type: 'FasterRCNN',
    rules: 'mmdetection',
    ...mmdetPyramid(config, detector),
    rpnHead: {
      featChannels: channels,
      numConvs: 1,
      anchors: {
        type: 'AnchorGenerator',
        strides: detector.strides,
        ratios: detector.ratios,
        scales: detector.scales,
      },
      coder: { means: PLAIN_MEANS, stds: rpn.target_stds },
      lossCls: CROSS_ENTROPY,
      lossBbox: L1,
    },
    roiHead: {
      extractor: {
        // The last level is the RPN's alone.
        featmapStrides: detector.strides.slice(0, -1),
        outputSize: [align.output, align.output],
        samplingRatio: align.sampling_ratio,
        aligned: align.aligned,
        finestScale: align.finest_scale,
      },
      bboxHead: {
        ...boxHead(config.config.num_classes, roi.fc),
        coder: { means: PLAIN_MEANS, stds: roi.target_stds },
        lossBbox: L1,
      },
    },
    train: {
      rpn: {
        assigner: mmdetMatcher(rpn.assigner),
        sampler: { ...FIRST, num: rpn.num, posFraction: rpn.pos_fraction, addGtAsProposals: false },
        posWeight: 1,
      },
      allowedBorder: -1,
      rpnProposal: proposals('train'),
      rcnn: {
        assigner: mmdetMatcher(roi.assigner),
        sampler: { ...FIRST, num: roi.num, posFraction: roi.pos_fraction, addGtAsProposals: true },
        posWeight: 1,
      },
    },
    test: {
      rpn: proposals('test'),
      rcnn: { scoreThr: test.score_thr, nms: nms(test.nms_iou), maxPerImg: test.max_per_img },
    },
  };
}

function torchvisionFasterRcnn(config: Config): FasterRcnnOptions {
  const detector = torchvisionFaster.parse(config.detector);
  const { rpn, roi, roi_align: align } = detector;
  const proposals = (phase: 'train' | 'test') => ({
    nmsPre: rpn.pre_nms_top_n[phase],
    maxPerImg: rpn.post_nms_top_n[phase],
    nmsIouThr: rpn.nms_thresh,
    minBboxSize: rpn.min_size,
  });
  const stage = (own: z.infer<typeof torchvisionStage>, addGtAsProposals: boolean) => ({
    assigner: torchvisionMatch(own),
    sampler: {
      ...FIRST,
      num: own.batch_size_per_image,
      posFraction: own.positive_fraction,
      addGtAsProposals,
    },
    posWeight: 1,
  });
  return {
    type: 'FasterRCNN',
    rules: 'torchvision',
    ...torchvisionPyramid(config, detector),
    rpnHead: {
      featChannels: detector.fpn_channels,
      numConvs: 1,
      anchors: {
        type: 'TorchvisionAnchorGenerator',
        sizes: detector.anchor_sizes,
        ratios: detector.anchor_ratios,
      },
      coder: coderOfWeights(rpn.box_weights),
      lossCls: CROSS_ENTROPY,
      lossBbox: SMOOTH_L1,
    },
    roiHead: {
      extractor: {
        featmapStrides: detector.strides.slice(0, -1),
        outputSize: [align.output, align.output],
        samplingRatio: align.sampling_ratio,
        aligned: align.aligned,
        finestScale: 56,
      },
      bboxHead: {
        // Its classes include the background.
        ...boxHead(config.config.num_classes - 1, detector.fc),
        coder: coderOfWeights(roi.box_weights),
        lossBbox: SMOOTH_L1,
      },
    },
    train: {
      rpn: stage(rpn, false),
      allowedBorder: -1,
      rpnProposal: proposals('train'),
      rcnn: stage(roi, true),
    },
    test: {
      rpn: proposals('test'),
      rcnn: {
        scoreThr: detector.score_thresh,
        nms: nms(detector.nms_thresh),
        maxPerImg: detector.detections_per_img,
      },
    },
  };
}

/** The detector that a model folder's config.json describes. */
export function modelOptions(document: unknown): FixtureModelOptions {
  const config = configSchema.parse(document);
  const torchvision = config.rules === 'torchvision';
  if (config.config.type === 'RetinaNet') {
    return torchvision ? torchvisionRetinaNet(config) : mmdetRetinaNet(config);
  }
  return torchvision ? torchvisionFasterRcnn(config) : mmdetFasterRcnn(config);
}
