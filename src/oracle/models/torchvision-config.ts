import { z } from 'zod';
import type { PyramidOptions } from '../../models/detectors/pyramid-extractor.ts';
import type { CoderSpec } from '../../models/losses/loss-options.ts';
import { fourNumbers, numbers } from '../page-schemas.ts';
import {
  CROSS_ENTROPY,
  FIRST,
  L1,
  PLAIN_MEANS,
  backboneOf,
  boxHead,
  counts,
  head,
  nms,
} from './config-parts.ts';
import type { Config, FasterRcnnOptions, RetinaNetOptions } from './config-parts.ts';

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

/** ImageNet's numbers for RGB in 0 … 1, which torchvision's detectors normalise by. */
const TORCHVISION_MEAN = [0.485, 0.456, 0.406].map((value) => value * 255);
const TORCHVISION_STD = [0.229, 0.224, 0.225].map((value) => value * 255);

/** β of torchvision's box losses. */
const SMOOTH_L1 = { type: 'SmoothL1Loss', lossWeight: 1, beta: 1 / 9 } as const;

function coderOfWeights([x, y, w, h]: z.infer<typeof fourNumbers>): CoderSpec {
  return { means: PLAIN_MEANS, stds: [1 / x, 1 / y, 1 / w, 1 / h] };
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

function torchvisionMatch(matcher: z.infer<typeof torchvisionMatcher>) {
  return {
    posIouThr: matcher.fg_iou_thresh,
    negIouThr: matcher.bg_iou_thresh,
    matchLowQuality: matcher.allow_low_quality_matches,
  };
}

/** RetinaNet by torchvision's rules. */
export function torchvisionRetinaNet(config: Config): RetinaNetOptions {
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

/** Faster R-CNN by torchvision's rules. */
export function torchvisionFasterRcnn(config: Config): FasterRcnnOptions {
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
