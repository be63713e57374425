import { describe, expect, it } from 'vitest';
import { UserError } from '../base/errors.ts';
import { editField } from './config-view.ts';
import { toPlain } from './config-node.ts';
import type { Plain } from './config-node.ts';
import { editConfigText } from './edit-config-text.ts';
import { fieldSpecs } from './fields.ts';
import { findConfig } from './bases.ts';
import { loadConfig } from './load-config.ts';
import { presetNames } from './preset-files.ts';
import { nodeConfigFiles } from './preset-files.node.ts';
import { numClasses } from './resolved-model.ts';

const files = nodeConfigFiles();
const NAME = 'retinanet/mine.yaml';
const edit = (text: string, key: string, value: Plain) =>
  editConfigText(files, { name: NAME, text }, key, value);

/** Lines of `after` that are not in `before`, and the other way round. */
function changedLines(before: string, after: string): { gone: string[]; came: string[] } {
  const old = before.split('\n');
  const now = after.split('\n');
  return {
    gone: old.filter((line) => !now.includes(line)),
    came: now.filter((line) => !old.includes(line)),
  };
}

describe('editConfigText changes one value and nothing else', () => {
  it.each<[string, string, string, Plain, string]>([
    ['a number', 'a:\n  b: 1 # keep\nc: 2\n', 'a.b', 3, 'a:\n  b: 3 # keep\nc: 2\n'],
    ['a float that must stay one', 'a: {lr: 0.1}\n', 'a.lr', 1, 'a: {lr: 1.0}\n'],
    ['a text in quotes', "a: 'x'\n", 'a', 'yes', 'a: "yes"\n'],
    ['a flow list', 'a: [1, 2] # c\n', 'a', [5], 'a: [5] # c\n'],
    [
      'a block list of the same length, with its comments',
      'a:\n  - 1 # one\n  - 2 # two\nb: 1\n',
      'a',
      [8, 11],
      'a:\n  - 8 # one\n  - 11 # two\nb: 1\n',
    ],
    ['a block list of another length', 'a:\n  - 1\n  - 2\nb: 1\n', 'a', [4], 'a: [4]\nb: 1\n'],
    [
      'a tuple',
      'x: {scale: !!python/tuple [1, 2]}\n',
      'x.scale',
      [3, 4],
      'x: {scale: !!python/tuple [3, 4]}\n',
    ],
    [
      'a list that must be a tuple',
      'x:\n  scale: [1, 2]\n',
      'x.scale',
      [3, 4],
      'x:\n  scale: !!python/tuple [3, 4]\n',
    ],
    [
      'a tuple into a number',
      'neg_iou_thr: !!python/tuple [0.1, 0.4]\n',
      'neg_iou_thr',
      0,
      'neg_iou_thr: 0.0\n',
    ],
    ['a key without a value', 'a:\n  b:\nc: 1\n', 'a.b', 2, 'a:\n  b: 2\nc: 1\n'],
    ['a null in the way', 'a: null # none\n', 'a.b', 1, 'a: { b: 1 } # none\n'],
    [
      'a new key in a section',
      'a:\n  b: 1 # x\n\n# next\nc: 2\n',
      'a.d',
      5,
      'a:\n  b: 1 # x\n  d: 5\n\n# next\nc: 2\n',
    ],
    ['a new key in a flow section', 'a: {b: 1}\n', 'a.d', true, 'a: {b: 1, d: true}\n'],
    ['a new key in an empty section', 'a: {}\n', 'a.d.e', 1, 'a: { d: { e: 1 } }\n'],
    ['a new section at the end', 'a: 1', 'b.c.d', 2, 'a: 1\nb:\n  c:\n    d: 2\n'],
    ['an empty text', '', 'a.b', 1, 'a:\n  b: 1\n'],
    ['a text of comments', '# hello', 'a', 1, '# hello\na: 1\n'],
    [
      'an element of a list of sections',
      'p:\n  - {type: A}\n  - type: B\n    n: 1\n',
      'p.1.n',
      2,
      'p:\n  - {type: A}\n  - type: B\n    n: 2\n',
    ],
    [
      'a new key in an element',
      'p:\n  - type: A\n  - type: B\nq: 1\n',
      'p.0.n',
      2,
      'p:\n  - type: A\n    n: 2\n  - type: B\nq: 1\n',
    ],
    ['through an alias', 'a: &x {n: 1}\nb: *x\n', 'b.n', 2, 'a: &x {n: 2}\nb: *x\n'],
    [
      'Windows line ends',
      'a:\r\n  b: 1\r\nc: 2\r\n',
      'a.d',
      3,
      'a:\r\n  b: 1\r\n  d: 3\r\nc: 2\r\n',
    ],
    [
      'text with variables',
      "w: './{{ fileBasename }}'\nlr: 1.0 # {{ x }}\n",
      'lr',
      2,
      "w: './{{ fileBasename }}'\nlr: 2.0 # {{ x }}\n",
    ],
  ])('%s', (_, text, key, value, expected) => {
    expect(edit(text, key, value)).toBe(expected);
  });

  it('adds what only the base has below the deepest section of the text', () => {
    const text = '# mine\n_base_: retinanet_r50_fpn_1x_coco.yaml\nmodel:\n  neck: {num_outs: 5}\n';
    const once = edit(text, 'model.train_cfg.assigner.pos_iou_thr', 0.6);
    expect(once).toBe(`${text}  train_cfg:\n    assigner:\n      pos_iou_thr: 0.6\n`);
    expect(edit(once, 'model.train_cfg.assigner.neg_iou_thr', 0)).toBe(
      `${once}      neg_iou_thr: 0.0\n`,
    );
  });

  it("brings the whole list along when the value is inside a base's list", () => {
    const text = '_base_: retinanet_r50_fpn_1x_coco.yaml\n';
    const changed = edit(text, 'train_dataloader.dataset.pipeline.3.prob', 0);
    const { config, problems } = loadConfig(files, { name: NAME, text: changed });
    expect(problems).toEqual([]);
    const dataset = config?.train_dataloader.dataset;
    const pipeline = dataset?.type === 'CocoDataset' ? dataset.pipeline : [];
    expect(pipeline.map(({ type }) => type)).toEqual([
      'LoadImageFromFile',
      'LoadAnnotations',
      'Resize',
      'RandomFlip',
      'PackDetInputs',
    ]);
    expect(pipeline[3]).toMatchObject({ prob: 0 });
    expect(changed).toContain('prob: 0.0');
  });

  it('puts _delete_ where a base has null', () => {
    const text = '_base_: retinanet_r50_fpn_1x_coco.yaml\noptim_wrapper:\n  clip_grad: null\n';
    const base = {
      read: (path: string) => (path === 'base.yaml' ? text : files.read(path)),
      list: () => files.list(),
    };
    const mine = { name: 'mine.yaml', text: '_base_: base.yaml\n' };
    const fixed = {
      ...base,
      read: (path: string) =>
        path === 'base.yaml'
          ? text.replace('retinanet_r50', 'retinanet/retinanet_r50')
          : files.read(path),
    };
    const changed = editConfigText(fixed, mine, 'optim_wrapper.clip_grad.max_norm', 10);
    const { config, problems } = loadConfig(fixed, { ...mine, text: changed });
    expect(problems).toEqual([]);
    expect(config?.optim_wrapper.clip_grad?.max_norm).toBe(10);
  });

  it('refuses a text that is no YAML, and a path that leads nowhere', () => {
    expect(() => edit('a: [1\n', 'a', 1)).toThrow(UserError);
    expect(() => edit('a: [1]\n', 'a.7.x', 1)).toThrow(UserError);
  });
});

describe('what changes together', () => {
  const SAMPLE = { name: NAME, text: '_base_: retinanet_r18_fpn_sample.yaml\n' };
  const VOC = { name: NAME, text: '_base_: retinanet_r50_fpn_1x_voc0712.yaml\n' };
  const load = (source: { name: string; text: string }) => loadConfig(files, source);

  it('the scale of all pipelines, also inside Repeat- and ConcatDataset', () => {
    const key = 'train_dataloader.dataset.dataset.datasets.0.pipeline.2.scale';
    const text = editField(files, VOC, key, [640, 480]);
    const { mergedYaml, problems } = load({ ...VOC, text });
    expect(problems).toEqual([]);
    expect(mergedYaml.match(/ scale: .*/g)).toEqual(
      Array(4).fill(' scale: !!python/tuple [640, 480]'),
    );
  });

  it('the neck with the depth, and the pretrained weights', () => {
    const text = editField(files, VOC, 'model.backbone.depth', '34');
    const { config, problems } = load({ ...VOC, text });
    expect(problems).toEqual([]);
    expect(config?.model.neck.in_channels).toEqual([64, 128, 256, 512]);
    expect(config?.model.backbone.init_cfg?.checkpoint).toBe('torchvision://resnet34');
  });

  it('the end of the schedule with the length, but not the warm-up', () => {
    const text = editField(files, SAMPLE, 'train_cfg.max_iters', 5000);
    const { config, problems } = load({ ...SAMPLE, text });
    expect(problems).toEqual([]);
    const schedulers = [config?.param_scheduler ?? []].flat();
    expect(schedulers[1]?.end).toBe(5000);
    expect(schedulers[0]?.end).not.toBe(5000);
  });

  it.each([SAMPLE, VOC])('another optimiser with its own keys, there and back', (source) => {
    const other = load(source).config?.optim_wrapper.optimizer.type === 'SGD' ? 'AdamW' : 'SGD';
    const text = editField(files, source, 'optim_wrapper.optimizer.type', other);
    const changed = load({ ...source, text });
    expect(changed.problems).toEqual([]);
    expect(changed.config?.optim_wrapper.optimizer.type).toBe(other);
    const back = other === 'SGD' ? 'AdamW' : 'SGD';
    const again = load({
      ...source,
      text: editField(files, { ...source, text }, 'optim_wrapper.optimizer.type', back),
    });
    expect(again.problems).toEqual([]);
    expect(again.config?.optim_wrapper.optimizer.type).toBe(back);
  });

  it('num_classes with a written class list', () => {
    const text = editField(files, SAMPLE, 'metainfo.classes', ['cat', 'no', '1']);
    const { config, problems } = load({ ...SAMPLE, text });
    expect(problems).toEqual([]);
    expect(config && numClasses(config)).toBe(3);
    expect(config?.metainfo?.classes).toEqual(['cat', 'no', '1']);
  });

  it('no clipping when the limit is emptied', () => {
    const text = editField(files, SAMPLE, 'optim_wrapper.clip_grad.max_norm', null);
    expect(load({ ...SAMPLE, text }).config?.optim_wrapper.clip_grad).toBeNull();
  });
});

describe('every form field of every preset', () => {
  const newValue = (kind: string, key: string, old: unknown): unknown => {
    if (kind === 'boolean') return old !== true;
    if (kind === 'size') return [96, 64];
    if (kind === 'list') return key.endsWith('milestones') ? [2, 3] : [0.5, 2];
    if (kind === 'strings') return ['a', 'b'];
    if (kind === 'choice') return key.endsWith('depth') ? '101' : 'AdamW';
    return kind === 'integer' ? 2 : 0.45;
  };

  it.each(presetNames(files))('%s', (name) => {
    const source = findConfig(files, name);
    const before = source && loadConfig(files, source);
    if (source === undefined || before?.root === undefined) throw new Error(`no ${name}`);
    for (const spec of fieldSpecs(before.root)) {
      const key = spec.path.join('.');
      const value = newValue(spec.kind, key, false);
      const text = editField(files, source, key, value);
      const after = loadConfig(files, { ...source, text });
      const errors = after.problems.filter(({ severity }) => severity === 'error');
      expect(errors, key).toEqual([]);
      const got = spec.path.reduce<unknown>(
        (at, step) => (typeof at === 'object' && at !== null ? Object(at)[step] : undefined),
        after.root && toPlain(after.root),
      );
      expect(got, key).toEqual(key.endsWith('depth') ? 101 : value);
      // Comments survive, and setting the same value again changes nothing.
      const comments = source.text.split('\n').filter((line) => line.trim().startsWith('#'));
      expect(
        text.split('\n').filter((line) => line.trim().startsWith('#')),
        key,
      ).toEqual(comments);
      expect(editField(files, { ...source, text }, key, value), key).toBe(text);
      expect(changedLines(source.text, text).gone.length, key).toBeLessThanOrEqual(5);
    }
  });
});
