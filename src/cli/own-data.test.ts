import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MapNode } from '../config/config-node.ts';
import { loadConfig } from '../config/load-config.ts';
import { nodeConfigFiles } from '../config/preset-files.node.ts';
import { openOwnFolder, ownClasses, ownData } from './own-data.ts';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'anchorage-data-'));
});

afterEach(() => {
  rmSync(cwd, { recursive: true });
});

function put(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(join(cwd, dirname(path)), { recursive: true });
    writeFileSync(join(cwd, path), '');
  }
}

function treeOf(preset: string, ...overrides: string[]): MapNode {
  const { root, problems } = loadConfig(nodeConfigFiles(), preset, overrides);
  if (root === undefined) throw new Error(JSON.stringify(problems));
  return root;
}

const TRAIN = ['train_dataloader'];

describe('the data that a config names', () => {
  it('is the built-in sample, unless its export lies there', () => {
    const root = treeOf('retinanet/retinanet_r18_fpn_sample');
    expect(ownData(root, TRAIN, cwd)).toEqual({ kind: 'sample' });
    put('data/sample/annotations/instances_train.json');
    expect(ownData(root, TRAIN, cwd)).toEqual({
      kind: 'folder',
      root: 'data/sample',
      annFiles: ['annotations/instances_train.json'],
    });
  });

  it('is every part of a ConcatDataset in a RepeatDataset', () => {
    const root = treeOf('retinanet/retinanet_r50_fpn_1x_voc0712');
    expect(ownData(root, TRAIN, cwd)).toMatchObject({
      root: 'data/VOCdevkit',
      annFiles: ['VOC2007/ImageSets/Main/trainval.txt', 'VOC2012/ImageSets/Main/trainval.txt'],
    });
  });

  it('is refused when it lies in two folders or nowhere', () => {
    const key = 'train_dataloader.dataset.dataset.datasets.1.data_root';
    const two = treeOf('retinanet/retinanet_r50_fpn_1x_voc0712', `${key}=elsewhere/`);
    expect(() => ownData(two, TRAIN, cwd)).toThrow('several folders');
    const preset = 'retinanet/retinanet_r18_fpn_sample';
    const nowhere = treeOf(preset, 'train_dataloader.dataset.data_root=None');
    expect(() => ownData(nowhere, TRAIN, cwd)).toThrow('--data');
  });

  it('is opened with its own label files and without all others', async () => {
    put(
      'set/annotations/instances_train2017.json',
      'set/annotations/instances_val2017.json',
      'set/annotations/captions_train2017.json',
      'set/train2017/a.jpg',
      'set/val2017/b.jpg',
    );
    const annFiles = ['annotations/instances_train2017.json'];
    const source = await openOwnFolder({ kind: 'folder', root: 'set', annFiles }, cwd);
    expect(source.files.map(({ path }) => path).toSorted()).toEqual([
      'annotations/instances_train2017.json',
      'train2017/a.jpg',
      'val2017/b.jpg',
    ]);
  });

  it('is opened when a wrapper folder is taken off its paths', async () => {
    put(
      'kit/VOC2007/ImageSets/Main/trainval.txt',
      'kit/VOC2007/ImageSets/Main/test.txt',
      'kit/VOC2007/Annotations/a.xml',
    );
    const annFiles = ['VOC2007/ImageSets/Main/trainval.txt'];
    const source = await openOwnFolder({ kind: 'folder', root: 'kit', annFiles }, cwd);
    expect(source.files.map(({ path }) => path).toSorted()).toEqual([
      'Annotations/a.xml',
      'ImageSets/Main/trainval.txt',
    ]);
  });

  it('is missed by name', async () => {
    put('set/x.json');
    const annFiles = ['annotations/train.json'];
    await expect(openOwnFolder({ kind: 'folder', root: 'set', annFiles }, cwd)).rejects.toThrow(
      'set/annotations/train.json',
    );
    await expect(openOwnFolder({ kind: 'folder', root: 'no', annFiles }, cwd)).rejects.toThrow(
      'not there: no.',
    );
  });

  it('has the classes that the config lists, at the top or in the data set', () => {
    const preset = 'retinanet/retinanet_r18_fpn_sample';
    expect(ownClasses(treeOf(preset), TRAIN)).toBeUndefined();
    const top = treeOf(preset, 'metainfo.classes=[a,b]');
    expect(ownClasses(top, TRAIN)).toEqual(['a', 'b']);
    const inside = treeOf(preset, "train_dataloader.dataset.metainfo.classes=['c d']");
    expect(ownClasses(inside, TRAIN)).toEqual(['c d']);
  });
});
