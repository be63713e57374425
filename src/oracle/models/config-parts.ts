import { z } from 'zod';
import type { DetectorOptions } from '../../models/detectors/list.ts';
import type { PyramidOptions } from '../../models/detectors/pyramid-extractor.ts';
import { numbers } from '../page-schemas.ts';

export type RetinaNetOptions = Extract<DetectorOptions, { readonly type: 'RetinaNet' }>;
export type FasterRcnnOptions = Extract<DetectorOptions, { readonly type: 'FasterRCNN' }>;

export const counts = z.object({ train: z.number(), test: z.number() });
export const head = z.object({ fpn_channels: z.number(), norm: z.string(), strides: numbers });

export const configSchema = z.object({
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

export type Config = z.infer<typeof configSchema>;

export const PLAIN_MEANS = [0, 0, 0, 0] as const;
/** The fixtures sample without chance: the first ones by their index. */
export const FIRST = { mode: 'first', negPosUb: -1 } as const;
export const CROSS_ENTROPY = { lossWeight: 1, classWeight: null };
export const L1 = { type: 'L1Loss', lossWeight: 1 } as const;
export function nms(iouThreshold: number) {
  return { type: 'nms', iouThreshold, classAgnostic: false } as const;
}

export function backboneOf(
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

/** Two fully connected layers of `fcOutChannels`, and nothing else. */
export function boxHead(numClasses: number, fcOutChannels: number) {
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
