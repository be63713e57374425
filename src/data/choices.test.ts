import { describe, expect, it } from 'vitest';
import { compareCodePoints } from './code-point-order.ts';
import { mapConcurrent } from './concurrent.ts';
import type { Dataset } from './dataset.ts';
import { openDataset } from './formats/open-dataset.ts';
import { pngBytes } from './header-bytes.ts';
import { describeDataset } from './health/describe-dataset.ts';
import { inspectData } from './health/inspect-data.ts';
import { nearestNames, selectClasses } from './select-classes.ts';
import { memorySource } from './sources/memory-source.ts';
import { evalSplit, trainSplit } from './splits.ts';

const object = (name: string, difficult = 0): string =>
  `<object><name>${name}</name><difficult>${difficult}</difficult><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>`;

function source(lists: Record<string, string>): ReturnType<typeof memorySource> {
  const contents: Record<string, string | Uint8Array> = {
    'Annotations/1.xml': `<annotation>${object('cat')}${object('dog')}${object('cat')}</annotation>`,
    'Annotations/2.xml': `<annotation>${object('dog', 1)}</annotation>`,
    'Annotations/3.xml': `<annotation>${object('cow')}</annotation>`,
    'JPEGImages/1.png': pngBytes(60, 60),
    'JPEGImages/2.png': pngBytes(60, 60),
  };
  for (const [name, text] of Object.entries(lists)) contents[`ImageSets/Main/${name}.txt`] = text;
  return memorySource('farm', contents);
}

async function open(lists: Record<string, string> = {}): Promise<Dataset> {
  return (await openDataset(source(lists))).dataset;
}

describe('splits', () => {
  it('trains on train, evaluates on val, without a word', async () => {
    const dataset = await open({ train: '1\n', val: '2\n', test: '2\n' });
    expect(trainSplit(dataset)).toEqual({ name: 'train', indices: Uint32Array.of(0), note: '' });
    expect(evalSplit(dataset)).toEqual({ name: 'val', indices: Uint32Array.of(1), note: '' });
  });

  it('takes the next best and says so; leaves out what cannot be read and says so', async () => {
    const all = await open();
    expect(trainSplit(all)).toMatchObject({ name: 'all', indices: Uint32Array.of(0, 1) });
    expect(trainSplit(all).note).toMatch(/no usable split train; all .* 1 images .* left out/);
    expect(evalSplit(await open({ train: '1\n', test: '2\n' }))).toMatchObject({ name: 'test' });
    expect(evalSplit(await open({ train: '1\n', val: '', test: '2\n' })).name).toBe('test');
    expect(evalSplit(await open({ train: '1\n', valid: '2\n' }), 'val').name).toBe('valid');
  });

  it('refuses a split that is not there, naming those that are', async () => {
    const dataset = await open({ train: '1\n', holdout: '3\n' });
    expect(() => evalSplit(dataset, 'vall')).toThrow(/vall.*train, holdout|vall.*holdout, train/s);
    expect(() => evalSplit(dataset, 'holdout')).toThrow(/no image that can be read/);
    expect(() => evalSplit(dataset, '__proto__')).toThrow(/no split/);
  });
});

describe('selectClasses', () => {
  it('picks and reorders, relabels, keeps images, counts and flags', async () => {
    const dataset = await open();
    expect(dataset.classes).toEqual(['cat', 'cow', 'dog']);
    const picked = selectClasses(dataset, ['dog', 'cat']);
    expect(picked.classes).toEqual(['dog', 'cat']);
    expect(picked.classCounts).toEqual([2, 2]);
    expect(picked.categoryIds).toEqual([3, 1]);
    expect([...picked.annotations.labels]).toEqual([1, 0, 1, 0]);
    expect([...picked.annotations.offsets]).toEqual([0, 3, 4, 4]);
    expect([...picked.annotations.flags]).toEqual([0, 0, 0, 1]);
    expect(picked.images).toBe(dataset.images);
    expect(selectClasses(dataset, dataset.classes)).toBe(dataset);
  });

  it('refuses unknown names with the nearest ones, doubled and empty lists', async () => {
    const dataset = await open();
    expect(() => selectClasses(dataset, ['Dgo'])).toThrow(/no class "Dgo".*"dog"/);
    expect(() => selectClasses(dataset, ['cat', 'cat'])).toThrow(/twice/);
    expect(() => selectClasses(dataset, [])).toThrow(/empty/);
    expect(nearestNames('pesron', ['car', 'person', 'train'], 1)).toEqual(['person']);
  });
});

describe('inspectData', () => {
  it('answers in the shape of the command line, counts as in the files', async () => {
    const inspected = await inspectData(source({ train: '1\n2\n3\n' }));
    expect(Object.keys(inspected)).toEqual([
      'format',
      'images',
      'annotations',
      'classes',
      'splits',
      'problems',
    ]);
    expect(inspected).toMatchObject({
      format: 'voc',
      images: 3,
      annotations: 5,
      classes: [
        { name: 'cat', count: 2 },
        { name: 'cow', count: 1 },
        { name: 'dog', count: 2 },
      ],
      splits: { train: 3 },
    });
    expect(inspected.problems).toEqual([
      {
        code: 'image-missing',
        severity: 'warning',
        file: 'Annotations/3.xml',
        detail: expect.any(String),
        repair: expect.any(String),
      },
    ]);
    expect(JSON.parse(JSON.stringify(inspected))).toEqual(inspected);
  });

  it('puts errors first', async () => {
    const dataset = await open();
    const problem = (severity: 'error' | 'warning' | 'info', file: string) => ({
      code: 'c',
      severity,
      file,
      detail: '',
      repair: '',
    });
    const sorted = describeDataset({
      ...dataset,
      problems: [
        problem('info', 'a'),
        problem('error', 'z'),
        problem('warning', 'b'),
        problem('error', 'b'),
      ],
    }).problems;
    expect(sorted.map(({ severity, file }) => severity + file)).toEqual([
      'errorb',
      'errorz',
      'warningb',
      'infoa',
    ]);
  });
});

describe('small tools', () => {
  it('orders by code point', () => {
    expect(['b', '😀', '\uFFFD', 'a', 'aa', ''].toSorted(compareCodePoints)).toEqual([
      '',
      'a',
      'aa',
      'b',
      '\uFFFD',
      '😀',
    ]);
  });

  it('runs at most so many at once, keeps the order, and stops at the first failure', async () => {
    let [running, most] = [0, 0];
    const results = await mapConcurrent([5, 1, 4, 2, 3], 2, async (n) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, n));
      running -= 1;
      return n * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
    const started: number[] = [];
    await expect(
      mapConcurrent([1, 2, 3, 4, 5, 6], 1, async (n) => {
        started.push(n);
        if (n === 2) throw new Error('stop');
      }),
    ).rejects.toThrow('stop');
    expect(started).toEqual([1, 2]);
  });
});
