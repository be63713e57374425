import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../base/errors.ts';
import { compareArrays, mismatchLines } from './load-report.ts';
import { readModelCheckpoint, writeModelCheckpoint } from './model-checkpoint.ts';
import type { ModelCheckpoint } from './model-checkpoint.ts';
import type { ArraySpec } from './named-arrays.ts';
import { writeSafetensors } from './safetensors/write-safetensors.ts';

const weight = {
  name: 'bbox_head.retina_cls.weight',
  shape: [2, 1],
  dtype: 'float32',
  data: new Float32Array([0.5, -0.25]),
} as const;
const checkpoint: ModelCheckpoint = {
  arrays: [weight],
  config: 'model:\n  type: RetinaNet # "é"\n',
  classes: ['cat', 'no', ''],
  meta: { iter: 1200, epoch: 4.5, seed: 7, dataset: 'sample', extra: { a: [1] } },
};

describe('model checkpoint', () => {
  it('gives back weights, config, classes and meta', () => {
    expect(readModelCheckpoint(writeModelCheckpoint(checkpoint), 'x')).toEqual(checkpoint);
  });

  it('is the same bytes for the same model', () => {
    expect(writeModelCheckpoint(checkpoint)).toEqual(
      writeModelCheckpoint(structuredClone(checkpoint)),
    );
  });

  it('reads a file from elsewhere', () => {
    const bytes = writeSafetensors([weight], { format: 'pt' });
    expect(readModelCheckpoint(bytes, 'x')).toEqual({ arrays: [weight], config: '', classes: [] });
  });

  it.each([
    ['anchorage.classes', '{"a":1}'],
    ['anchorage.classes', 'cat'],
    ['anchorage.meta', '{"iter":-1}'],
    ['anchorage.meta', '[]'],
  ])('refuses %s = %s', (key, text) => {
    const bytes = writeSafetensors([weight], { [key]: text });
    let thrown: unknown;
    try {
      readModelCheckpoint(bytes, 'm.safetensors');
    } catch (error) {
      thrown = error;
    }
    expect(thrown instanceof UserError && thrown.details).toMatchObject({
      code: 'checkpoint-metadata',
      place: { file: 'm.safetensors', key },
    });
  });
});

describe('compareArrays', () => {
  const spec = (name: string, ...shape: number[]): ArraySpec => ({ name, shape });

  it('sorts names into loaded, missing, unexpected and mismatched', () => {
    const model = [spec('a', 1), spec('b', 2, 3), spec('c'), spec('bn.num_batches_tracked')];
    const report = compareArrays(model, [
      spec('module.a', 1),
      spec('b', 3, 2),
      spec('fc.weight', 5),
      spec('x.num_batches_tracked'),
    ]);
    expect(report).toEqual({
      loaded: ['a'],
      missing: ['c'],
      unexpected: ['fc.weight'],
      mismatched: [{ name: 'b', model: [2, 3], file: [3, 2] }],
    });
    expect(mismatchLines(report)).toEqual(['b: the model has [2, 3], the file [3, 2]']);
  });

  it('does not take [6] for [2, 3], nor [] for [1]', () => {
    const report = compareArrays([spec('a', 6), spec('b')], [spec('a', 2, 3), spec('b', 1)]);
    expect(report.mismatched.map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

const SHAPES = '../shared/oracle/mmdet/state_dict_shapes.json';

describe.skipIf(!existsSync(SHAPES))('MMDetection state dicts (../shared/oracle)', () => {
  const oracle: Record<string, unknown> = existsSync(SHAPES)
    ? JSON.parse(readFileSync(SHAPES, 'utf8'))
    : {};
  const stateDict = (part: RegExp): ArraySpec[] => {
    const [, dict] = Object.entries(oracle).find(([key]) => part.test(key)) ?? [];
    return Object.entries(Object(dict)).map(([name, shape]) => spec(name, shape));
  };
  const spec = (name: string, shape: unknown): ArraySpec => ({
    name,
    shape: Array.isArray(shape) ? shape.map(Number) : [],
  });

  it('load into themselves completely, counters aside', () => {
    const r50 = stateDict(/mmdet.*retinanet.*r50|retinanet_r50/);
    expect(r50).toHaveLength(354);
    const report = compareArrays(r50, r50);
    expect(report.loaded).toHaveLength(354 - 53);
    expect([report.missing, report.unexpected, report.mismatched]).toEqual([[], [], []]);
  });

  it('tell the backbone of another depth by name', () => {
    const report = compareArrays(stateDict(/retinanet_r18/), stateDict(/retinanet_r50/));
    expect(report.loaded).toContain('neck.fpn_convs.0.conv.weight');
    expect(report.unexpected).toContain('backbone.layer1.0.conv3.weight');
    expect(report.mismatched.map(({ name }) => name)).toContain('neck.lateral_convs.0.conv.weight');
    expect(report.missing).toEqual([]);
  });
});
