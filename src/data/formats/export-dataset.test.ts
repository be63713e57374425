import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../base/errors.ts';
import { FLAG_IGNORE, type Dataset } from '../dataset.ts';
import { encodePng } from '../sample/encode-png.ts';
import { loadSampleArt } from '../sample/sample-art.node.ts';
import { createSampleDataset } from '../sample/sample-dataset.ts';
import { sampleLicence } from '../sample/sample-licence.ts';
import { zipSource } from '../sources/zip-source.ts';
import { exportDataset, type ExportFormat } from './export-dataset.ts';
import { openDataset } from './open-dataset.ts';
import { parseVocXml } from './voc/voc-xml.ts';

/** A data set of small images with given boxes; image 1 belongs to no split. */
async function smallDataset(boxes: readonly (readonly number[])[]): Promise<Dataset> {
  const png = await encodePng({ width: 64, height: 48, data: new Uint8Array(64 * 48 * 3) });
  const flat = Float32Array.from(boxes.flat());
  const entry = { width: 64, height: 48, missing: false };
  return {
    format: 'coco',
    name: 'Small & <odd>',
    classes: ['a "b" & <c>', 'ünused', 'zebra'],
    categoryIds: [3, 17, 90],
    images: [
      { ...entry, index: 0, path: 'img/one.png', name: 'one.png', id: 100 },
      { ...entry, index: 1, path: 'img/sub/two.png', name: 'sub/two.png', id: 7 },
      { ...entry, index: 2, path: 'img/three.png', name: 'three.png', id: 8 },
    ],
    annotations: {
      offsets: Uint32Array.from([0, boxes.length, boxes.length, boxes.length]),
      boxes: flat,
      labels: Int32Array.from(boxes, (_, k) => (k % 2 === 0 ? 0 : 2)),
      flags: Uint8Array.from(boxes, (_, k) => (k === 1 ? FLAG_IGNORE : 0)),
      areas: Float32Array.from(
        boxes,
        ([x1 = 0, y1 = 0, x2 = 0, y2 = 0]) => (x2 - x1) * (y2 - y1) * 0.75,
      ),
    },
    splits: { train: Uint32Array.from([0]), val: Uint32Array.from([2]) },
    classCounts: [],
    problems: [],
    readImage: async () => png,
  };
}

async function reopen(dataset: Dataset, format: ExportFormat): Promise<Dataset> {
  const zip = await exportDataset(dataset, format);
  const source = await zipSource('export.zip', zip);
  return (await openDataset(source)).dataset;
}

/** Boxes, class names and flags of an image, by the image's name without folder and extension. */
function byName(dataset: Dataset): Map<string, unknown> {
  const { offsets, boxes, labels, flags } = dataset.annotations;
  return new Map(
    dataset.images.map(({ index, name }) => {
      const [from, to] = [offsets[index] ?? 0, offsets[index + 1] ?? 0];
      const stem = name.replace(/^.*\//, '').replace(/\.png$/, '');
      return [
        stem,
        {
          boxes: [...boxes.subarray(from * 4, to * 4)],
          names: [...labels.subarray(from, to)].map((label) => dataset.classes[label]),
          flags: [...flags.subarray(from, to)],
        },
      ] as const;
    }),
  );
}

function splitNames(dataset: Dataset): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(dataset.splits).map(([name, indices]) => [
      name,
      Array.from(indices, (index) => (dataset.images[index]?.name ?? '').replace(/\.png$/, '')),
    ]),
  );
}

async function unzip(zip: Blob): Promise<Map<string, Uint8Array>> {
  const reader = new ZipReader(new Uint8ArrayReader(new Uint8Array(await zip.arrayBuffer())));
  const files = new Map<string, Uint8Array>();
  for (const entry of await reader.getEntries()) {
    if (!entry.directory) files.set(entry.filename, await entry.getData(new Uint8ArrayWriter()));
  }
  return files;
}

/** The first `count` images, four in five of them in `train`. */
function firstImages(dataset: Dataset, count: number): Dataset {
  const { offsets, boxes, labels, flags, areas } = dataset.annotations;
  const total = offsets[count] ?? 0;
  const kept = labels.slice(0, total);
  const indices = Uint32Array.from({ length: count }, (_, i) => i);
  const train = Math.floor(count * 0.8);
  return {
    ...dataset,
    images: dataset.images.slice(0, count),
    annotations: {
      offsets: offsets.slice(0, count + 1),
      boxes: boxes.slice(0, total * 4),
      labels: kept,
      flags: flags.slice(0, total),
      areas: areas.slice(0, total),
    },
    splits: { train: indices.slice(0, train), val: indices.slice(train) },
    classCounts: dataset.classes.map((_, label) => kept.filter((l) => l === label).length),
  };
}

describe('the sample, exported and opened again', () => {
  let sample: Dataset;
  beforeAll(async () => {
    // A part of it: thousands of zip entries are not what this is about.
    sample = firstImages(await createSampleDataset({ seed: 4, loadArt: loadSampleArt }), 120);
  });

  async function exportedAndOpened(format: ExportFormat): Promise<Dataset> {
    // One picture stands for all, to save their encoding.
    const png = await sample.readImage(0);
    const again = await reopen({ ...sample, readImage: async () => png }, format);
    expect(again.format).toBe(format);
    expect(again.classes).toEqual(sample.classes);
    expect(again.categoryIds).toEqual(sample.categoryIds);
    expect(again.annotations.offsets).toEqual(sample.annotations.offsets);
    expect(again.annotations.labels).toEqual(sample.annotations.labels);
    expect(again.annotations.flags).toEqual(sample.annotations.flags);
    expect(splitNames(again)).toEqual(splitNames(sample));
    expect(again.classCounts).toEqual(sample.classCounts);
    const sized = again.images.filter(
      ({ width, height, missing }) => width === 256 && height === 256 && !missing,
    );
    expect(sized).toHaveLength(120);
    expect(Buffer.compare(await again.readImage(5), png)).toBe(0);
    return again;
  }

  it('as COCO is the same data set, without a problem', async () => {
    const again = await exportedAndOpened('coco');
    expect(again.problems).toEqual([]);
    expect(again.annotations.boxes).toEqual(sample.annotations.boxes);
    expect(again.annotations.areas).toEqual(sample.annotations.areas);
  });

  it('as VOC is the same data set', async () => {
    const again = await exportedAndOpened('voc');
    expect(again.annotations.boxes).toEqual(sample.annotations.boxes);
    expect(again.problems).toEqual([]);
  });

  it('as VOC gives MMDetection’s rule, int(float(text)) − 1, every box', async () => {
    const files = await unzip(
      await exportDataset({ ...sample, readImage: async () => new Uint8Array(1) }, 'voc'),
    );
    const read = sample.images.flatMap(({ name }) => {
      const { objects } = parseVocXml(
        files.get(`Annotations/${name}.xml`) ?? new Uint8Array(),
        name,
      );
      return objects.flatMap(({ box }) => box.map((value) => Math.trunc(value) - 1));
    });
    expect(read).toEqual([...sample.annotations.boxes]);
  });

  it('carries the artwork’s licence and reports its progress', async () => {
    const few = { ...sample, readImage: async () => new Uint8Array([1]) };
    const steps: number[] = [];
    const zip = await exportDataset(few, 'coco', (done, total) => steps.push(done / total));
    expect(steps).toEqual(Array.from({ length: 120 }, (_, i) => (i + 1) / 120));
    const licence = (await unzip(zip)).get('LICENSE.txt');
    expect(new TextDecoder().decode(licence)).toBe(sampleLicence.text);
  });
});

describe('any data set, exported and opened again', () => {
  it('as COCO keeps every float32 coordinate, area, flag, id, name and split', async () => {
    const side = (max: number): fc.Arbitrary<number[]> =>
      fc
        .tuple(fc.float({ min: 0, max, noNaN: true }), fc.float({ min: 0, max, noNaN: true }))
        .map(([a, b]) => [Math.min(a, b), Math.max(a, b)])
        .filter(([a = 0, b = 0]) => b - a >= 1.01);
    const box = fc
      .tuple(side(64), side(48))
      .map(([[x1 = 0, x2 = 0], [y1 = 0, y2 = 0]]) => [x1, y1, x2, y2]);
    await fc.assert(
      fc.asyncProperty(fc.array(box, { minLength: 2, maxLength: 6 }), async (boxes) => {
        const dataset = await smallDataset(boxes);
        const again = await reopen(dataset, 'coco');
        expect(byName(again)).toEqual(byName(dataset));
        expect(again.classes).toEqual(dataset.classes);
        expect(again.categoryIds).toEqual(dataset.categoryIds);
        expect([...again.annotations.areas].toSorted()).toEqual(
          [...dataset.annotations.areas].toSorted(),
        );
        expect(again.images.map(({ id }) => id).toSorted()).toEqual([100, 7, 8].toSorted());
        const { train, val, ...rest } = splitNames(again);
        expect({ train, val }).toEqual(splitNames(dataset));
        // What belongs to no split has a file of its own, so that it is not lost.
        expect(Object.values(rest)).toEqual([['sub/two']]);
      }),
      { numRuns: 25 },
    );
  });

  it('as VOC keeps whole-number boxes, difficult objects and odd names', async () => {
    const small = await smallDataset([
      [0, 0, 63, 47],
      [3, 4, 20, 30],
      [60, 40, 61, 47],
    ]);
    // VOC's lists may overlap and have an order.
    const splits = { train: Uint32Array.from([2, 0]), trainval: Uint32Array.from([0, 2]) };
    const dataset = { ...small, splits };
    const again = await reopen(dataset, 'voc');
    // A folder in an image's name becomes part of its stem.
    const expected = new Map(
      [...byName(dataset)].map(([name, value]) => [name === 'two' ? 'sub_two' : name, value]),
    );
    expect(byName(again)).toEqual(expected);
    expect(again.problems).toEqual([]);
    expect(splitNames(again)).toEqual({ ...splitNames(dataset), unlisted: ['sub_two'] });
  });

  it('writes fractions to VOC files, though VOC readers cut them off', async () => {
    const files = await unzip(
      await exportDataset(await smallDataset([[1.5, 2.25, 10.1, 20]]), 'voc'),
    );
    const xml = new TextDecoder().decode(files.get('Annotations/one.xml'));
    const numbers = [...xml.matchAll(/<[xy]m(?:in|ax)>([^<]+)</g)].map(([, text]) => Number(text));
    expect(numbers).toEqual([2.5, 3.25, 11.1, 21]);
  });

  it('keeps the labels of an image that cannot be read and names it', async () => {
    const dataset = await smallDataset([[1, 2, 30, 40]]);
    const broken: Dataset = {
      ...dataset,
      images: dataset.images.map((image) =>
        image.index === 1 ? { ...image, path: '', missing: true } : image,
      ),
      readImage: async (index) => {
        if (index === 0) throw new UserError({ code: 'gone', what: 'The file is gone.' });
        return dataset.readImage(index);
      },
    };
    for (const format of ['voc', 'coco'] as const) {
      const files = await unzip(await exportDataset(broken, format));
      const readme = new TextDecoder().decode(files.get('README.txt'));
      expect(readme).toContain('one.png: The file is gone.');
      expect(readme).toContain('sub/two.png: no such file');
      expect([...files.keys()].filter((name) => name.endsWith('.png'))).toHaveLength(1);
      const labels = [...files].filter(([name]) => /\.(xml|json)$/.test(name));
      const text = labels.map(([, bytes]) => new TextDecoder().decode(bytes)).join('');
      expect(text).toMatch(/one/);
      expect(text).toMatch(/two/);
    }
  });
});
