import { describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.ts';
import { nodeConfigFiles } from './preset-files.node.ts';
import { detectorOptions, numClasses } from './resolved-model.ts';
import type { Config } from './schema/config-schema.ts';

const files = nodeConfigFiles();

describe('two-stage and anchor-free models', () => {
  const loaded = (name: string): Config => {
    const { config, problems } = loadConfig(files, name);
    if (config === undefined) throw new Error(JSON.stringify(problems));
    return config;
  };

  it('Faster R-CNN R50 1x', () => {
    const config = loaded('faster_rcnn/faster_rcnn_r50_fpn_1x_coco');
    expect(detectorOptions(config)).toMatchObject({
      type: 'FasterRCNN',
      neck: { startLevel: 0, addExtraConvs: false, numOuts: 5 },
      rpnHead: { numConvs: 1, anchors: { scales: [8], strides: [4, 8, 16, 32, 64] } },
      roiHead: {
        extractor: {
          featmapStrides: [4, 8, 16, 32],
          finestScale: 56,
          outputSize: [7, 7],
          samplingRatio: 0,
          aligned: true,
        },
        bboxHead: {
          numClasses: 80,
          numSharedConvs: 0,
          numSharedFcs: 2,
          regClassAgnostic: false,
          coder: { stds: [0.1, 0.1, 0.2, 0.2] },
        },
      },
      train: {
        rpn: {
          assigner: { posIouThr: 0.7, negIouThr: 0.3, minPosIou: 0.3 },
          sampler: { mode: 'random', num: 256, posFraction: 0.5, addGtAsProposals: false },
        },
        rpnProposal: { nmsPre: 2000, maxPerImg: 1000, nmsIouThr: 0.7, minBboxSize: 0 },
        rcnn: {
          assigner: { posIouThr: 0.5, negIouThr: 0.5, matchLowQuality: false },
          sampler: { num: 512, posFraction: 0.25, addGtAsProposals: true },
        },
      },
      test: { rpn: { nmsPre: 1000 }, rcnn: { scoreThr: 0.05, maxPerImg: 100 } },
    });
    expect(numClasses(loaded('faster_rcnn/faster_rcnn_r50_fpn_1x_voc0712'))).toBe(20);
  });

  it('FCOS sample', () => {
    expect(detectorOptions(loaded('fcos/fcos_r18_fpn_sample'))).toMatchObject({
      type: 'FCOS',
      head: {
        strides: [8, 16, 32],
        normOnBbox: true,
        centernessOnReg: true,
        convBias: true,
        norm: { type: 'GN', numGroups: 8 },
      },
      regressRanges: [
        [-1, 16],
        [16, 32],
        [32, 1e8],
      ],
      centerSampling: 1.5,
      lossBbox: { type: 'GIoULoss' },
    });
  });

  it('what MMDetection’s FCOSHead is when nothing is said', () => {
    const head =
      '{_delete_: true, type: FCOSHead, num_classes: 8, in_channels: 64, strides: [8, 16, 32], regress_ranges: [[-1, 64], [64, 128], [128, 1.0e+8]]}';
    const text = `_base_: fcos/fcos_r18_fpn_sample.yaml\nmodel:\n  bbox_head: ${head}\n`;
    const { config, problems } = loadConfig(files, { name: 'a.yaml', text });
    expect(problems).toEqual([]);
    expect(config && detectorOptions(config)).toMatchObject({
      head: {
        numClasses: 8,
        featChannels: 256,
        stackedConvs: 4,
        normOnBbox: false,
        centernessOnReg: false,
        convBias: false,
        norm: { type: 'GN', numGroups: 32 },
      },
      centerSampling: null,
      lossCls: { gamma: 2, alpha: 0.25, lossWeight: 1 },
      lossBbox: { type: 'IoULoss', lossWeight: 1, eps: 1e-6, mode: 'log' },
      lossCenterness: { lossWeight: 1 },
    });
  });
});
