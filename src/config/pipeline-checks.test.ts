import { describe, expect, it } from 'vitest';
import { inputFrames } from './input-frames.ts';
import { loadConfig } from './load-config.ts';
import type { ConfigResult } from './load-config.ts';
import { linkedEdits } from './linked-edits.ts';
import { nodeConfigFiles } from './preset-files.node.ts';
import { printPython } from './print-python.ts';
import { changesImages, pipelineOptions } from './resolved-data.ts';
import { pipelineSchema } from './schema/pipeline.ts';

const files = nodeConfigFiles();

/** The sample preset with other steps between loading and packing. */
function withSteps(steps: string, more = ''): ConfigResult {
  const text = `_base_: retinanet/retinanet_r18_fpn_sample
train_dataloader:
  dataset:
    pipeline:
      - type: LoadImageFromFile
      - type: LoadAnnotations
${steps
  .trim()
  .split('\n')
  .map((line) => `      ${line.trim()}`)
  .join('\n')}
      - type: PackDetInputs
${more}`;
  return loadConfig(files, { name: 'mine.yaml', text });
}

/** The sample preset inside a MultiImageMixDataset with these steps, and perhaps one more in its own pipeline. */
function mixing(steps: string, inner = ''): ConfigResult {
  const text = `_base_: retinanet/retinanet_r18_fpn_sample
train_dataloader:
  dataset:
    _delete_: true
    type: MultiImageMixDataset
    dataset:
      type: CocoDataset
      pipeline: [{type: LoadImageFromFile}, {type: LoadAnnotations}${inner}]
    pipeline: [${steps}, {type: PackDetInputs}]
`;
  return loadConfig(files, { name: 'mine.yaml', text });
}

const errors = ({ problems }: ConfigResult): string[] =>
  problems.filter(({ severity }) => severity === 'error').map(({ code }) => code);

const GOOD = `
- {type: PhotoMetricDistortion}
- {type: Expand, mean: [123.675, 116.28, 103.53], ratio_range: [1, 4]}
- {type: MinIoURandomCrop}
- {type: Resize, scale: [300, 300], keep_ratio: false}
- {type: RandomFlip, prob: 0.5}
`;

describe('pipelines', () => {
  it('of SSD, of large-scale jitter and of several scales are fine', () => {
    expect(errors(withSteps(GOOD))).toEqual([]);
    const jitter = withSteps(`
      - {type: RandomResize, scale: [192, 192], ratio_range: [0.1, 2.0], keep_ratio: true}
      - {type: RandomCrop, crop_size: [192, 192], allow_negative_crop: true}
      - {type: FilterAnnotations, min_gt_bbox_wh: [0.01, 0.01]}
      - {type: Pad, size: [192, 192], pad_val: {img: 114}}
      - {type: RandomFlip, prob: [0.25, 0.25], direction: [horizontal, vertical]}
    `);
    expect(errors(jitter)).toEqual([]);
    const several = withSteps(`
      - {type: RandomChoiceResize, scales: [[192, 160], [192, 192]], keep_ratio: true}
      - {type: ResizeShortestEdge, scale: 160, max_size: 256}
      - {type: FixShapeResize, width: 192, height: 192, keep_ratio: true}
    `);
    expect(errors(several)).toEqual([]);
  });

  it('may mix images in a MultiImageMixDataset, and skip steps there', () => {
    const steps =
      '{type: Mosaic, img_scale: [192, 192]}, {type: RandomAffine, border: [-96, -96]}, {type: MixUp, img_scale: [192, 192]}, {type: RandomFlip, prob: 0.5}';
    const result = mixing(steps);
    expect(errors(result)).toEqual([]);
    const { config } = result;
    if (config === undefined) throw new Error('no config');
    const { steps: single, mix } = pipelineOptions(config, 'train');
    expect(single).toEqual([]);
    expect(mix?.steps.map(({ type }) => type)).toEqual([
      'Mosaic',
      'RandomAffine',
      'MixUp',
      'RandomFlip',
    ]);
    expect(mix?.maxRefetch).toBe(15);
    expect(pipelineOptions(config, 'test').steps.map(({ type }) => type)).toEqual(['Resize']);
  });

  it.each([
    ['no size', '- {type: RandomFlip, prob: 0.5}', 'config-pipeline', /as large as the files/],
    [
      'Normalize',
      '- {type: Normalize, mean: [0, 0, 0], std: [1, 1, 1]}\n- {type: Resize, scale: 192}',
      'config-pipeline-normalize',
      /normalised twice.*data_preprocessor/s,
    ],
    [
      'Mosaic in a plain data set',
      '- {type: Mosaic, img_scale: [96, 96]}',
      'config-pipeline-mix',
      /MultiImageMixDataset/,
    ],
    ['a Resize without size', '- {type: Resize, keep_ratio: true}', 'config-transform', /neither/],
    [
      'one scale without ratio',
      '- {type: RandomResize, scale: [192, 192]}',
      'config-transform',
      /needs a ratio_range/,
    ],
    [
      'an empty range',
      '- {type: RandomResize, scale: [192, 192], ratio_range: [2, 1]}',
      'config-transform',
      /range 2 to 1 is empty/,
    ],
    [
      'probabilities of other directions',
      '- {type: Resize, scale: 192}\n- {type: RandomFlip, prob: [0.5, 0.1], direction: vertical}',
      'config-transform',
      /2 probabilities for 1 direction/,
    ],
    [
      'probabilities above 1',
      '- {type: Resize, scale: 192}\n- {type: RandomFlip, prob: [0.9, 0.2], direction: [vertical, diagonal]}',
      'config-transform',
      /add up to 1.1/,
    ],
    [
      'a Pad without size',
      '- {type: Resize, scale: 192}\n- {type: Pad}',
      'config-transform',
      /Give/,
    ],
    [
      'a Pad of two kinds',
      '- {type: Pad, size: [192, 192], size_divisor: 32}',
      'config-transform',
      /either size or size_divisor/,
    ],
    [
      'a crop in parts of pixels',
      '- {type: RandomCrop, crop_size: [0.5, 0.5]}',
      'config-transform',
      /whole pixels/,
    ],
    [
      'a share above 1',
      '- {type: Resize, scale: 192}\n- {type: RandomCrop, crop_size: [192, 1], crop_type: relative}',
      'config-transform',
      /shares of at most 1/,
    ],
    [
      'a step that is not built',
      '- {type: YOLOXHSVRandomAug}',
      'config-unsupported-type',
      /MDetection has it/,
    ],
    [
      'a misspelt step',
      '- {type: RandomCropp, crop_size: [9, 9]}',
      'config-unknown-type',
      /Did you mean `RandomCrop`/,
    ],
  ])('%s', (_, steps, code, says) => {
    const { problems } = withSteps(steps);
    const found = problems.find((problem) => problem.code === code);
    expect(problems.map((problem) => problem.code)).toContain(code);
    expect([found?.what, found?.why, found?.action].join(' ')).toMatch(says);
    expect(found?.place?.file).toBe('mine.yaml');
    expect(found?.place?.line).toBeGreaterThan(3);
  });

  it('names a mixing step inside the inner data set of a MultiImageMixDataset', () => {
    const result = mixing('{type: Resize, scale: [192, 192]}', ', {type: Mosaic}');
    expect(errors(result)).toEqual(['config-pipeline-mix']);
    expect(result.problems[0]?.place?.key).toBe('train_dataloader.dataset.dataset.pipeline.2.type');
  });

  it('refuses labels that are loaded after the image has been moved', () => {
    const text = `_base_: retinanet/retinanet_r18_fpn_sample
train_dataloader:
  dataset:
    pipeline:
      - type: LoadImageFromFile
      - {type: Resize, scale: [192, 192], keep_ratio: true}
      - type: LoadAnnotations
      - type: PackDetInputs
`;
    const result = loadConfig(files, { name: 'mine.yaml', text });
    expect(errors(result)).toEqual(['config-pipeline-order']);
  });

  it('says which steps of a test pipeline have no effect', () => {
    const { problems } = withSteps(
      '- {type: Resize, scale: [192, 192], keep_ratio: true}',
      `test_dataloader:
  dataset:
    pipeline:
      - type: LoadImageFromFile
      - {type: Resize, scale: [192, 192], keep_ratio: true}
      - {type: RandomFlip, prob: 0.5}
      - type: PackDetInputs
`,
    );
    const found = problems.filter(({ code }) => code === 'config-pipeline-test');
    expect(found).toMatchObject([
      { severity: 'warning', what: expect.stringMatching(/^RandomFlip draws at random/) },
    ]);
  });

  it('prints scales as the tuples that MMDetection wants', () => {
    const { root } = withSteps('- {type: RandomResize, scale: [[192, 96], [192, 192]]}');
    expect(root && printPython(root)).toMatch(/scale=\(\s*\(192, 96\),\s*\(192, 192\)\)/);
  });

  it('keeps the size field to plain Resizes', () => {
    const { root } = withSteps('- {type: RandomResize, scale: [192, 192], ratio_range: [1, 2]}');
    if (root === undefined) throw new Error('no tree');
    const path = ['train_dataloader', 'dataset', 'pipeline', 2, 'scale'];
    expect(linkedEdits(root, path, [96, 96])).toEqual([{ path, value: [96, 96] }]);
  });
});

describe('predicting with a config of drawn sizes only', () => {
  it('asks for a test pipeline', () => {
    const { config } = withSteps(
      '- {type: RandomChoiceResize, scales: [[192, 192]], keep_ratio: true}',
      'val_dataloader: null\nval_evaluator: null\nval_cfg: null\ntest_dataloader: null\ntest_evaluator: null\ntest_cfg: null\n',
    );
    if (config === undefined) throw new Error('no config');
    expect(() => pipelineOptions(config, 'test')).toThrow(/does not say at which size/);
  });
});

describe('inputFrames', () => {
  const frames = (...steps: Readonly<Record<string, unknown>>[]) =>
    inputFrames(pipelineSchema.parse(steps).filter(changesImages))?.map(
      ({ scale, keepRatio }) => `${scale.join('x')}${keepRatio ? '' : '!'}`,
    );
  const resize = { type: 'Resize', scale: [60, 40], keep_ratio: true };

  it('bounds what each step may make of an image', () => {
    expect(frames({ type: 'RandomFlip', prob: 0.5 })).toBeUndefined();
    expect(frames({ type: 'Resize', scale_factor: 0.5 })).toBeUndefined();
    expect(frames(resize)).toEqual(['60x40']);
    expect(frames(resize, { type: 'Resize', scale_factor: 1.5 })).toEqual(['90x60']);
    expect(frames({ type: 'RandomResize', scale: [10, 8], ratio_range: [0.1, 1.55] })).toEqual([
      '15x12!',
    ]);
    const two = {
      type: 'RandomResize',
      scale: [
        [9, 8],
        [7, 12],
      ],
      keep_ratio: true,
    };
    expect(frames(two)).toEqual(['9x12']);
    const several = {
      type: 'RandomChoiceResize',
      scales: [
        [9, 8],
        [7, 6],
      ],
      keep_ratio: true,
    };
    expect(frames(several)).toEqual(['9x8', '7x6']);
    expect(frames({ type: 'ResizeShortestEdge', scale: 8 })).toEqual([]);
    expect(frames({ type: 'ResizeShortestEdge', scale: 8, max_size: 14 })).toEqual(['14x8']);
    expect(frames({ type: 'FixShapeResize', width: 3, height: 4 })).toEqual(['3x4!']);
    expect(frames({ type: 'Pad', size: [9, 9] })).toEqual([]);
    expect(frames(resize, { type: 'Pad', size: [50, 70] })).toEqual(['60x70!']);
    expect(frames(resize, { type: 'Pad', size_divisor: 32 })).toEqual(['64x64']);
    expect(frames(resize, { type: 'Pad', pad_to_square: true })).toEqual(['60x60!']);
    expect(frames({ type: 'RandomCrop', crop_size: [5, 6] })).toEqual(['5x6!']);
    const range = { type: 'RandomCrop', crop_size: [5, 6], crop_type: 'absolute_range' };
    expect(frames(range)).toEqual(['6x6!']);
    expect(frames(resize, { type: 'Expand', ratio_range: [1, 2] })).toEqual(['120x80']);
    expect(frames({ type: 'Mosaic', img_scale: [20, 10] })).toEqual(['40x20!']);
    expect(frames({ type: 'Mosaic', prob: 0.5 })).toBeUndefined();
    const yolox = [
      { type: 'Mosaic', img_scale: [20, 10] },
      { type: 'RandomAffine', border: [-10, -5] },
    ];
    expect(frames(...yolox, { type: 'MixUp' })).toEqual(['20x10!']);
  });
});
