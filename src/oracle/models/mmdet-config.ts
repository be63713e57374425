import { z } from 'zod';
import type { PyramidOptions } from '../../models/detectors/pyramid-extractor.ts';
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

function mmdetMatcher(assigner: z.infer<typeof mmdetAssigner>) {
  return {
    posIouThr: assigner.pos_iou_thr,
    negIouThr: assigner.neg_iou_thr,
    minPosIou: assigner.min_pos_iou,
    matchLowQuality: assigner.match_low_quality,
  };
}

/** RetinaNet by MMDetection's rules. */
export function mmdetRetinaNet(config: Config): RetinaNetOptions {
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

/** Faster R-CNN by MMDetection's rules. */
export function mmdetFasterRcnn(config: Config): FasterRcnnOptions {
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
