import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.ts';
import { nodeConfigFiles } from './preset-files.node.ts';
import type { ConfigProblem } from './problem.ts';

const files = nodeConfigFiles();
const BASE = '_base_: retinanet_r18_fpn_sample\n';

function problemsOf(text: string, overrides: string[] = []): readonly ConfigProblem[] {
  return loadConfig(files, { name: 'retinanet/mine.yaml', text }, overrides).problems;
}

interface Broken {
  name: string;
  /** Laid over the sample preset from line 2 on. */
  text: string;
  code: string;
  /** Line and column in the text, 1-based. */
  at: [number, number];
  key?: string;
  /** Must appear in the message. */
  says: RegExp;
}

const BROKEN: Broken[] = [
  {
    name: 'misspelt key',
    text: 'model:\n  neck:\n    out_channel: 64\n',
    code: 'config-unknown-key',
    at: [4, 5],
    key: 'model.neck.out_channel',
    says: /FPN has no key `out_channel`.*Did you mean `out_channels`/,
  },
  {
    name: 'misspelt top-level key',
    text: 'optim_wraper:\n  clip_grad: null\n',
    code: 'config-unknown-key',
    at: [2, 1],
    says: /Did you mean `optim_wrapper`/,
  },
  {
    name: 'key at the wrong level',
    text: 'lr: 0.1\n',
    code: 'config-unknown-key',
    at: [2, 1],
    says: /There is `optim_wrapper\.optimizer\.lr`/,
  },
  {
    name: 'MMDetection 2.x key',
    text: 'lr_config:\n  step: [8, 11]\n',
    code: 'config-old-key',
    at: [2, 1],
    says: /MMDetection 2\.x.*param_scheduler/,
  },
  {
    name: 'key of another optimiser',
    text: 'optim_wrapper:\n  optimizer:\n    momentum: 0.9\n',
    code: 'config-unknown-key',
    at: [4, 5],
    says: /AdamW has no key `momentum`/,
  },
  {
    name: 'text for a number',
    text: 'optim_wrapper:\n  optimizer:\n    lr: fast\n',
    code: 'config-wrong-type',
    at: [4, 9],
    key: 'optim_wrapper.optimizer.lr',
    says: /must be a number, got the text `fast`/,
  },
  {
    name: 'quoted number',
    text: "optim_wrapper:\n  optimizer:\n    lr: '0.1'\n",
    code: 'config-wrong-type',
    at: [4, 9],
    says: /without quotes/,
  },
  {
    name: 'fraction for a whole number',
    text: 'train_dataloader:\n  batch_size: 2.5\n',
    code: 'config-wrong-type',
    at: [3, 15],
    says: /whole number, got `2\.5`/,
  },
  {
    name: 'zero batch',
    text: 'train_dataloader:\n  batch_size: 0\n',
    code: 'config-out-of-range',
    at: [3, 15],
    says: /at least 1, got `0`/,
  },
  {
    name: 'IoU above one',
    text: 'model:\n  train_cfg:\n    assigner:\n      pos_iou_thr: 1.5\n',
    code: 'config-out-of-range',
    at: [5, 20],
    says: /at most 1, got `1\.5`/,
  },
  {
    name: 'list of the wrong length',
    text: 'model:\n  data_preprocessor:\n    mean: [1, 2]\n',
    code: 'config-wrong-length',
    at: [4, 11],
    says: /exactly 3 elements, got the list `\[1,2\]`/,
  },
  {
    name: 'classes as one text',
    text: 'metainfo:\n  classes: person\n',
    code: 'config-classes-string',
    at: [3, 12],
    says: /A list of one name is wanted: \[person\]/,
  },
  {
    name: 'the same class twice',
    text: 'metainfo:\n  classes: [a, b, c, d, e, f, g, a]\n',
    code: 'config-classes-repeat',
    at: [3, 12],
    says: /`a` is listed twice/,
  },
  {
    name: 'integer neg_iou_thr',
    text: 'model:\n  train_cfg:\n    assigner:\n      neg_iou_thr: 0\n',
    code: 'config-neg-iou-thr-type',
    at: [5, 20],
    says: /float or a tuple, got an integer.*Write 0\.0/,
  },
  {
    name: 'list neg_iou_thr',
    text: 'model:\n  train_cfg:\n    assigner:\n      neg_iou_thr: [0.1, 0.4]\n',
    code: 'config-neg-iou-thr-type',
    at: [5, 20],
    says: /got a list.*!!python\/tuple/,
  },
  {
    name: 'negative threshold above the positive one',
    text: 'model:\n  train_cfg:\n    assigner:\n      neg_iou_thr: 0.6\n',
    code: 'config-iou-order',
    at: [5, 20],
    says: /0\.6 is above pos_iou_thr 0\.5/,
  },
  {
    name: 'misspelt type',
    text: 'model:\n  backbone:\n    type: Resnet\n',
    code: 'config-unknown-type',
    at: [4, 11],
    key: 'model.backbone.type',
    says: /Did you mean `ResNet`/,
  },
  {
    name: 'type that MMDetection has',
    text: 'model:\n  backbone:\n    type: ResNeXt\n',
    code: 'config-unsupported-type',
    at: [4, 11],
    says: /`ResNeXt` \(model\.backbone\) is not supported.*Use `ResNet`/,
  },
  {
    name: 'section without a type',
    text: 'optim_wrapper:\n  optimizer:\n    _delete_: true\n    lr: 0.1\n',
    code: 'config-missing-type',
    at: [4, 5],
    says: /`optim_wrapper\.optimizer` has no `type`/,
  },
  {
    name: 'unsupported value',
    text: 'model:\n  backbone:\n    num_stages: 3\n',
    code: 'config-unsupported-value',
    at: [4, 17],
    says: /`model\.backbone\.num_stages: 3` is not supported.*Only `4` is/,
  },
  {
    name: 'a loss on boxes without decoding',
    text: 'model:\n  bbox_head:\n    loss_bbox: {type: GIoULoss, _delete_: true}\n',
    code: 'config-decoded-loss',
    at: [4, 5],
    says: /GIoULoss compares boxes, but reg_decoded_bbox is false/,
  },
  {
    name: 'fewer backbone outputs',
    text: 'model:\n  backbone:\n    out_indices: [1, 2, 3]\n',
    code: 'config-wrong-length',
    at: [4, 18],
    says: /exactly 4 elements/,
  },
  {
    name: 'depth that does not exist',
    text: 'model:\n  backbone:\n    depth: 19\n',
    code: 'config-wrong-value',
    at: [4, 12],
    says: /must be `18`, `34`, `50`, `101` or `152`, got `19`/,
  },
  {
    name: 'missing key',
    text: 'optim_wrapper:\n  optimizer:\n    _delete_: true\n    type: SGD\n',
    code: 'config-missing-key',
    at: [4, 5],
    key: 'optim_wrapper.optimizer.lr',
    says: /`lr` is missing in `optim_wrapper\.optimizer`/,
  },
  {
    name: 'unknown transform in a list',
    text: 'train_dataloader:\n  dataset:\n    pipeline:\n      - type: LoadImageFromFile\n      - type: RandomFlipp\n        prob: 0.5\n',
    code: 'config-unknown-type',
    at: [6, 15],
    key: 'train_dataloader.dataset.pipeline.1.type',
    says: /Did you mean `RandomFlip`/,
  },
  {
    name: 'section over a list',
    text: 'param_scheduler:\n  milestones: [3]\n',
    code: 'config-dict-over-value',
    at: [2, 1],
    says: /a section here, but a list in its base \(retinanet\/retinanet_r18_fpn_sample\.yaml:\d+\).*_delete_/,
  },
  {
    name: 'epoch schedule in an iteration-based run',
    text: 'param_scheduler:\n  - type: MultiStepLR\n    milestones: [3]\n    by_epoch: true\n',
    code: 'config-schedule-unit',
    at: [5, 15],
    says: /MultiStepLR counts epochs, but IterBasedTrainLoop has none/,
  },
  {
    name: 'broken YAML',
    text: 'model: {neck: [1, 2\nx: 3\n',
    code: 'config-syntax',
    at: [3, 1],
    says: /not valid YAML/,
  },
  {
    name: 'tab as indentation',
    text: 'model:\n\tneck: 1\n',
    code: 'config-syntax',
    at: [3, 1],
    says: /spaces/,
  },
  {
    name: 'the same key twice',
    text: 'resume: true\nload_from: null\nresume: false\n',
    code: 'config-duplicate-key',
    at: [4, 1],
    says: /already in the same section/,
  },
  {
    name: 'Python object',
    text: 'model: !!python/object/apply:os.system [ls]\n',
    code: 'config-syntax',
    at: [2, 8],
    says: /tag/,
  },
  {
    name: 'base key given twice',
    text: '_base_: nothing\n',
    code: 'config-duplicate-key',
    at: [2, 1],
    says: /already/,
  },
];

describe('errors of a config name file, line and what was meant', () => {
  it.each(BROKEN)('$name', ({ text, code, at, key, says }) => {
    const problems = problemsOf(BASE + text);
    const found = problems.find((problem) => problem.code === code);
    expect(found, JSON.stringify(problems, null, 1)).toBeDefined();
    const { line, column, file } = found?.place ?? {};
    expect(file).toBe('retinanet/mine.yaml');
    expect([line, column]).toEqual(at);
    if (key !== undefined) expect(found?.place?.key).toBe(key);
    expect([found?.what, found?.why, found?.action].join(' ')).toMatch(says);
    expect(found?.severity).toBe('error');
  });

  it('class weights of a loss without classes', () => {
    const loss = '    loss_centerness:\n      class_weight: [2.0]\n';
    const text = `_base_: fcos_r18_fpn_sample\nmodel:\n  bbox_head:\n${loss}`;
    const [found] = loadConfig(files, { name: 'fcos/mine.yaml', text }).problems;
    expect(found?.code).toBe('config-unsupported-value');
    expect(found?.place).toMatchObject({ file: 'fcos/mine.yaml', line: 5 });
    expect([found?.what, found?.why].join(' ')).toMatch(/centerness has no classes/);
  });

  // What contradicts the user's text stands in a base; the place is the base's.
  it.each([
    [
      'metainfo:\n  classes: [cat, dog]\n',
      'config-num-classes',
      'num_classes: ',
      /num_classes is \d+, but `metainfo\.classes` has 2: cat, dog/,
    ],
    [
      'model:\n  backbone:\n    depth: 50\n',
      'config-channels',
      'in_channels: ',
      /channels, but ResNet-50 .* gives \[64, 128, 256, 512\]/,
    ],
  ])('two values that contradict each other: %s', (text, code, entry, says) => {
    const preset = files.read('retinanet/retinanet_r18_fpn_sample.yaml')?.split('\n') ?? [];
    const line = preset.findIndex((written) => written.includes(entry));
    const found = problemsOf(BASE + text).find((problem) => problem.code === code);
    expect(found?.what).toMatch(says);
    expect(found?.place).toMatchObject({
      file: 'retinanet/retinanet_r18_fpn_sample.yaml',
      line: line + 1,
      column: (preset[line]?.indexOf(entry) ?? 0) + entry.length + 1,
    });
  });

  it('puts an error in a base at the line of the base', () => {
    const texts: Record<string, string> = {
      'a.yaml': `${BASE}\n\nmodel:\n  neck: {num_out: 5}\n`,
    };
    const own = {
      read: (path: string) => texts[path] ?? files.read(path),
      list: () => files.list(),
    };
    const { problems } = loadConfig(own, { name: 'mine.yaml', text: '_base_: a.yaml\n' });
    expect(problems[0]?.place).toEqual({
      file: 'a.yaml',
      line: 5,
      column: 10,
      key: 'model.neck.num_out',
    });
  });

  it('reports several errors at once, in the order of the text', () => {
    const problems = problemsOf(
      `${BASE}randomness: {seed: -1}\nresume: maybe\nmodel: {neck: {num_outs: x}}\n`,
    );
    expect(problems.map(({ place }) => place?.line)).toEqual([2, 3, 4]);
  });

  it('gives no result for a config with errors', () => {
    const result = loadConfig(files, { name: 'x.yaml', text: `${BASE}resume: maybe\n` });
    expect(result.ok).toBe(false);
    expect(result.config).toBeUndefined();
    expect(result.mergedYaml).toContain('resume: maybe');
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'treats %s as any unknown key',
    (key) => {
      const problems = problemsOf(`${BASE}${key}: {polluted: 1}\n`);
      expect(problems.map(({ code }) => code)).toEqual(['config-unknown-key']);
      expect(problems[0]?.place?.line).toBe(2);
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    },
  );
});

describe('bases', () => {
  const read = (texts: Record<string, string>, name = 'a.yaml') =>
    loadConfig(
      { read: (path) => texts[path] ?? files.read(path), list: () => files.list() },
      { name, text: texts[name] ?? '' },
    ).problems;

  it('finds a circle', () => {
    const problems = read({ 'a.yaml': '_base_: b.yaml\n', 'b.yaml': '# x\n_base_: ./a.yaml\n' });
    expect(problems.map(({ code }) => code)).toEqual(['config-base-cycle']);
    expect(problems[0]?.place).toMatchObject({ file: 'b.yaml', line: 2, column: 9 });
    expect(problems[0]?.what).toContain('a.yaml → b.yaml → a.yaml');
  });

  it('suggests a name for a missing base', () => {
    const [problem] = read({ 'a.yaml': '_base_:\n  - ../_base_/models/retinanet_r5_fpn.yaml\n' });
    expect(problem?.code).toBe('config-base-missing');
    expect(problem?.place).toMatchObject({ line: 2, column: 5 });
    expect(problem?.action).toContain('_base_/models/retinanet_r50_fpn');
  });

  it('refuses bases elsewhere', () => {
    const codes = (base: string) =>
      read({ 'a.yaml': `_base_: '${base}'\n` }).map(({ code }) => code);
    expect(codes('https://x.org/a.yaml')).toEqual(['config-base-remote']);
    expect(codes('mmdet::retinanet/x.py')).toEqual(['config-base-remote']);
  });

  it('takes the preset of the same name for a Python base, and says so', () => {
    const problems = read({
      'a.yaml': '_base_: ../configs/retinanet/retinanet_r50_fpn_1x_coco.py\n',
    });
    expect(problems.map(({ code, severity }) => [code, severity])).toEqual([
      ['config-base-python', 'warning'],
    ]);
  });

  it('reads files and bases on disk, and presets beside them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'anchorage-config-'));
    try {
      mkdirSync(join(folder, 'sub'));
      mkdirSync(join(folder, '_base_'));
      writeFileSync(join(folder, '_base_', 'default_runtime.yaml'), 'nonsense: 1\n');
      writeFileSync(join(folder, 'own.yaml'), `_base_: ../nowhere/retinanet_r18_fpn_sample\n`);
      writeFileSync(join(folder, 'base.yaml'), '_base_: retinanet/retinanet_r18_fpn_sample\n');
      writeFileSync(join(folder, 'sub', 'mine.yaml'), '_base_: ../base.yaml\nresume: maybe\n');
      const onDisk = nodeConfigFiles(undefined, folder);
      for (const name of ['sub/mine.yaml', './sub/mine', join(folder, 'sub', 'mine.yaml')]) {
        const { problems } = loadConfig(onDisk, name);
        expect(problems.map(({ code, place }) => [code, place?.line])).toEqual([
          ['config-wrong-type', 2],
        ]);
        expect(problems[0]?.place?.file).toMatch(/sub\/mine\.yaml$/);
      }
      // The preset's own bases are presets, whatever lies in the folder.
      expect(loadConfig(onDisk, 'retinanet/retinanet_r18_fpn_sample').problems).toEqual([]);
      expect(loadConfig(onDisk, 'base').problems).toEqual([]);
      expect(loadConfig(onDisk, 'own').problems.map(({ code }) => code)).toEqual([
        'config-base-missing',
      ]);
      expect(loadConfig(files, 'base').problems.map(({ code }) => code)).toEqual([
        'config-not-found',
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('names the preset that was probably meant', () => {
    const { problems } = loadConfig(files, 'retinanet_r18_fpn_1x_cocoo');
    expect(problems[0]?.code).toBe('config-not-found');
    expect(problems[0]?.action).toContain('retinanet/retinanet_r18_fpn_1x_coco');
  });
});

describe('--cfg-options', () => {
  it.each([
    ['optim_wrapper.optimizer.lrr=1', 'config-unknown-key', /Did you mean `lr`/],
    ['optim_wrapper.optimizer.lr=abc', 'config-wrong-type', /a number, got the text `abc`/],
    ['model.backbone.depth.x=1', 'config-option', /is 18, not a section/],
    ['train_dataloader.dataset.pipeline.9.prob=1', 'config-option', /has 5 elements/],
    ['model.neck.in_channels.0=1', 'config-option', /Give the whole list/],
    ['model.neck.in_channels=[1,2', 'config-option', /brackets/],
    ['=3', 'config-option', /no key/],
    ['novalue', 'config-option', /no key/],
    ['a..b=3', 'config-option', /no key/],
  ])('%s', (option, code, says) => {
    const problems = problemsOf(BASE, [option]);
    expect(problems.map((problem) => problem.code)).toContain(code);
    const found = problems.find((problem) => problem.code === code);
    expect(found?.place?.file).toBe('--cfg-options');
    expect([found?.what, found?.action].join(' ')).toMatch(says);
  });

  it('sets values, lists, tuples and sections that were null', () => {
    const { config, problems, origins } = loadConfig(files, 'retinanet/retinanet_r50_fpn_1x_coco', [
      'optim_wrapper.optimizer.lr=0.0025',
      'optim_wrapper.clip_grad.max_norm=35',
      'train_dataloader.dataset.pipeline.2.scale=(640,480)',
      'val_dataloader.dataset.pipeline.1.scale=(640,480)',
      'test_dataloader.dataset.pipeline.1.scale=(640,480)',
      'param_scheduler.1.milestones=6,9',
    ]);
    expect(problems).toEqual([]);
    expect(config?.optim_wrapper.optimizer.lr).toBe(0.0025);
    expect(config?.optim_wrapper.clip_grad?.max_norm).toBe(35);
    expect(origins['optim_wrapper.optimizer.lr']).toBe('--cfg-options');
    expect(origins['optim_wrapper.optimizer.momentum']).toBe(
      'retinanet/retinanet_r50_fpn_1x_coco.yaml',
    );
    expect(origins['model.neck.num_outs']).toBe('_base_/models/retinanet_r50_fpn.yaml');
  });

  it('replaces a section with _delete_', () => {
    const { config } = loadConfig(files, 'retinanet/retinanet_r50_fpn_1x_coco', [
      'optim_wrapper.optimizer.type=AdamW',
      'optim_wrapper.optimizer._delete_=True',
      'optim_wrapper.optimizer.lr=0.001',
    ]);
    expect(config?.optim_wrapper.optimizer).toMatchObject({ type: 'AdamW', lr: 0.001 });
  });

  it('keeps spaces and quoted numbers in class names', () => {
    const { mergedPlain } = loadConfig(files, 'retinanet/retinanet_r50_fpn_1x_coco', [
      `metainfo.classes=[traffic light,'1',"it's"]`,
    ]);
    expect(mergedPlain).toMatchObject({ metainfo: { classes: ['traffic light', '1', "it's"] } });
  });
});
