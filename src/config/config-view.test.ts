import { describe, expect, it } from 'vitest';
import type { ConfigView as ProtocolConfigView, PresetInfo } from '../worker/protocol.ts';
import { configView, editField, presetInfos } from './config-view.ts';
import { findConfig } from './bases.ts';
import { bundledConfigFiles } from './preset-files.browser.ts';
import { nodeConfigFiles } from './preset-files.node.ts';
import { nearestNames } from './nearest-name.ts';
import { printConfig } from './print-config.ts';
import { loadConfig } from './load-config.ts';
import { readYaml } from './yaml-reader.ts';
import { toPlain } from './config-node.ts';

const files = nodeConfigFiles();
const source = (name: string) => findConfig(files, name) ?? { name: '', text: '' };

describe('configView', () => {
  const data = { classes: ['a', 'b', 'c'], trainImages: 64 };
  // The type says that the view fits the worker's protocol.
  const view: ProtocolConfigView = configView(files, source('retinanet_r50_fpn_1x_voc0712'), data);

  it('shows the values with where they come from', () => {
    const field = (key: string) => view.fields.find((candidate) => candidate.key === key);
    expect(view.problems).toEqual([]);
    expect(view.plannedIterations).toBe(4 * 96);
    expect(field('metainfo.classes')).toMatchObject({
      value: data.classes,
      origin: 'data',
      readOnly: true,
    });
    expect(field('optim_wrapper.optimizer.lr')).toMatchObject({
      value: 0.01,
      origin: 'retinanet/retinanet_r50_fpn_1x_voc0712.yaml',
    });
    expect(field('model.backbone.depth')).toMatchObject({
      value: '50',
      origin: '_base_/models/retinanet_r50_fpn.yaml',
      kind: 'choice',
    });
    expect(field('train_dataloader.dataset.dataset.datasets.0.pipeline.2.scale')).toMatchObject({
      value: [1000, 600],
      kind: 'size',
    });
    expect(field('optim_wrapper.clip_grad.max_norm')).toMatchObject({
      value: null,
      origin: 'default',
    });
    expect(view.fields.map(({ labelId }) => labelId)).toEqual(
      expect.arrayContaining(['field.maxEpochs', 'field.milestones', 'field.momentum']),
    );
    expect(structuredClone(view)).toEqual(view);
  });

  it('keeps the form while a value is wrong', () => {
    const { name, text } = source('retinanet_r50_fpn_1x_coco');
    const broken = configView(files, { name, text: text.replace('lr: 0.01', 'lr: ?') }, data);
    expect(broken.plannedIterations).toBe(0);
    expect(broken.problems).not.toEqual([]);
    const wrong = configView(files, { name, text: text.replace('lr: 0.01', 'lr: fast') }, data);
    expect(wrong.fields.find(({ key }) => key.endsWith('.lr'))?.value).toBe('fast');
    expect(wrong.problems[0]?.place).toMatchObject({
      file: name,
      key: 'optim_wrapper.optimizer.lr',
    });
  });

  it('is empty but for the problems when the text is no YAML', () => {
    const broken = configView(files, { name: 'a.yaml', text: 'a: [' }, data);
    expect([broken.merged, broken.fields, broken.plannedIterations]).toEqual(['', [], 0]);
    expect(broken.problems).not.toEqual([]);
    expect(broken.text).toBe('a: [');
  });

  it('refuses a form value that no config can hold', () => {
    expect(() => editField(files, source('retinanet_r18_fpn_sample'), 'a.b', undefined)).toThrow(
      /cannot have this value/,
    );
  });
});

describe('presets', () => {
  it('are described', () => {
    const infos: readonly PresetInfo[] = presetInfos(files);
    expect(infos.map(({ name }) => name)).toContain('retinanet/retinanet_r18_fpn_sample');
    for (const { description } of infos) expect(description.length).toBeGreaterThan(20);
  });

  it('are the same in the bundle as on disk', () => {
    const bundled = bundledConfigFiles();
    expect(bundled.list()).toEqual(files.list());
    for (const path of files.list()) expect(bundled.read(path)).toBe(files.read(path));
  });
});

describe('printConfig', () => {
  const result = loadConfig(files, 'retinanet_r50_fpn_1x_coco');

  it('YAML and JSON hold the merged values', () => {
    const { root } = readYaml(printConfig(result, 'yaml'), 'x');
    expect(root && toPlain(root)).toEqual(result.mergedPlain);
    expect(JSON.parse(printConfig(result, 'json'))).toEqual(result.mergedPlain);
  });

  it('Python is written in the manner of MMEngine', () => {
    const text = printConfig(result, 'py');
    expect(text).toContain(
      "        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),\n",
    );
    expect(text).toContain("dict(type='Resize', scale=(1333, 800), keep_ratio=True),\n");
    expect(text).toContain('load_from = None\nresume = False\n');
    expect(text).toContain('target_means=[0.0, 0.0, 0.0, 0.0],\n');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(79);
  });

  it('quotes what Python needs quoted', () => {
    const hostile = ["it's", 'a\\b', 'x\ny', '"""', '\u2028', '{x}'];
    const text = `_base_: retinanet_r50_fpn_1x_coco\nmetainfo:\n  classes: ${JSON.stringify(hostile)}\n`;
    const printed = printConfig(loadConfig(files, { name: 'a.yaml', text }), 'py');
    expect(printed).toContain(
      String.raw`classes=['it\'s', 'a\\b', 'x\ny', '"""', '\u2028', '{x}']`,
    );
  });
});

describe('nearestNames', () => {
  it.each([
    ['out_channel', ['in_channels', 'out_channels', 'num_outs'], ['out_channels', 'in_channels']],
    ['lr', ['momentum', 'weight_decay'], []],
    ['resnet', ['ResNet', 'FPN'], ['ResNet']],
    ['octave_scale', ['octave_base_scale', 'scales'], ['octave_base_scale', 'scales']],
    ['teh', ['the'], ['the']],
    ['x'.repeat(1e5), ['x'], []],
  ])('%s', (name, candidates, wanted) => {
    const near = nearestNames(name, candidates);
    expect(near[0]).toBe(wanted[0]);
    expect(near.length).toBeLessThanOrEqual(3);
  });
});
