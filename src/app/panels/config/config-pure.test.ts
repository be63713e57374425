import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { listText, parseNames, parseNumbers, sizeOf } from './field-value.ts';
import { keysOfLines, originOf } from './key-at-line.ts';
import { planParts } from './plan-words.ts';
import { textChange } from './text-change.ts';

// Properties try a hundred inputs; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 60_000 });

describe('textChange', () => {
  const pieces = fc
    .array(fc.constantFrom('lr: 0.01\n', '  ', '# 学习率\n', '🚀', '🛰', 'a', 'b', '\n'), {
      maxLength: 12,
    })
    .map((parts) => parts.join(''));

  it('turns the one text into the other with one replacement', () => {
    fc.assert(
      fc.property(pieces, pieces, (before, after) => {
        const change = textChange(before, after);
        if (change === null) {
          expect(before).toBe(after);
          return;
        }
        const { from, to, insert } = change;
        expect(before.slice(0, from) + insert + before.slice(to)).toBe(after);
        // Throws at half of a surrogate pair.
        expect(() => encodeURIComponent(insert)).not.toThrow();
        expect(() => encodeURIComponent(before.slice(from, to))).not.toThrow();
      }),
    );
  });

  it('touches only what differs', () => {
    expect(textChange('lr: 0.01\nmomentum: 0.9\n', 'lr: 0.02\nmomentum: 0.9\n')).toEqual({
      from: 7,
      to: 8,
      insert: '2',
    });
  });
});

describe('keysOfLines', () => {
  const text = `model:
  type: RetinaNet
  backbone:
    depth: 18
    out_indices: !!python/tuple [0, 1]
train_dataloader:
  dataset:
    pipeline:
      - type: LoadImageFromFile
        backend_args: null
      - type: Resize
        scale: !!python/tuple [160, 160]
    metainfo:
      classes: [a, b]
param_scheduler:
  - type: LinearLR
    end: 50
  - type: MultiStepLR
    milestones: [8, 11]
'odd key': 1
`;

  it('names every line as the engine names its keys', () => {
    const keys = keysOfLines(text);
    const at = (part: string): string | undefined =>
      keys[text.split('\n').findIndex((line) => line.includes(part))];
    expect(at('RetinaNet')).toBe('model.type');
    expect(at('out_indices')).toBe('model.backbone.out_indices');
    expect(at('LoadImage')).toBe('train_dataloader.dataset.pipeline.0.type');
    expect(at('backend_args')).toBe('train_dataloader.dataset.pipeline.0.backend_args');
    expect(at('scale')).toBe('train_dataloader.dataset.pipeline.1.scale');
    expect(at('classes')).toBe('train_dataloader.dataset.metainfo.classes');
    expect(at('end: 50')).toBe('param_scheduler.0.end');
    expect(at('milestones')).toBe('param_scheduler.1.milestones');
    expect(at('odd key')).toBe('odd key');
  });

  it('answers for any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (any) => {
        expect(keysOfLines(any)).toHaveLength(any.split('\n').length);
      }),
    );
  });
});

describe('originOf', () => {
  it('names the file of a value, and all files of a section', () => {
    const origins = { 'a.b': 'x.yaml', 'a.c': 'y.yaml', 'a.d.0': 'x.yaml', ab: 'z.yaml' };
    expect(originOf('a.b', origins)).toEqual(['x.yaml']);
    expect(originOf('a', origins)).toEqual(['x.yaml', 'y.yaml']);
    expect(originOf('q', origins)).toEqual([]);
  });
});

describe('form values', () => {
  it('reads lists as people write them, and refuses what is no number', () => {
    expect(parseNumbers('8, 11', {})).toEqual([8, 11]);
    expect(parseNumbers('[0.5 1 2.0]', { min: 0 })).toEqual([0.5, 1, 2]);
    expect(parseNumbers('8，11', {})).toEqual([8, 11]);
    expect(parseNumbers('8, x', {})).toBeNull();
    expect(parseNumbers('8, -1', { min: 1 })).toBeNull();
    expect(parseNames(' person, car,, traffic light ')).toEqual(['person', 'car', 'traffic light']);
  });

  it('writes what it reads', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (list) => {
        expect(parseNumbers(listText(list), {})).toEqual(list);
      }),
    );
    expect(sizeOf([1333, 800])).toEqual([1333, 800]);
    expect(sizeOf([1, 2, 3])).toBeNull();
    expect(sizeOf(['1', 2])).toBeNull();
  });
});

describe('planParts', () => {
  const field = (key: string, value: unknown) =>
    ({ key, value, labelId: '', kind: 'integer', origin: '', group: '' }) as const;

  it('says how the iterations come about only where the parts multiply up', () => {
    const fields = [field('train_cfg.max_epochs', 12), field('train_dataloader.batch_size', 2)];
    expect(planParts(1200, fields)).toEqual({
      iterations: 1200,
      epochs: { count: 12, each: 100 },
      batchSize: 2,
    });
    expect(planParts(1201, fields).epochs).toBeNull();
    expect(planParts(90, []).epochs).toBeNull();
  });
});
