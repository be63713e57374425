import { describe, expect, it } from 'vitest';
import { UserError } from '../../base/errors.ts';
import { FLAG_UNUSABLE, type Dataset } from '../dataset.ts';
import { jpegBytes, pngBytes } from '../header-bytes.ts';
import { memorySource } from '../sources/memory-source.ts';
import { openDataset } from './open-dataset.ts';

function voc(
  objects: readonly (readonly [string, number, number, number, number])[],
  size = [100, 80],
): string {
  const boxes = objects.map(
    ([name, ...box]) =>
      `<object><name>${name}</name><bndbox>${['xmin', 'ymin', 'xmax', 'ymax'].map((key, i) => `<${key}>${box[i]}</${key}>`).join('')}</bndbox></object>`,
  );
  return `<annotation><size><width>${size[0]}</width><height>${size[1]}</height></size>${boxes.join('')}</annotation>`;
}

function coco(
  images: Record<string, unknown>[],
  annotations: Record<string, unknown>[],
  categories: Record<string, unknown>[] = [{ id: 1, name: 'dog' }],
): string {
  return JSON.stringify({ images, annotations, categories });
}

async function open(contents: Record<string, string | Uint8Array>): Promise<Dataset> {
  return (await openDataset(memorySource('set', contents))).dataset;
}

async function refusal(contents: Record<string, string | Uint8Array>): Promise<UserError> {
  const error: unknown = await open(contents).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  if (!(error instanceof UserError)) throw new Error('not a UserError');
  return error;
}

const codes = (dataset: Dataset): string[] => dataset.problems.map(({ code }) => code);
const splitsOf = (dataset: Dataset): Record<string, number[]> =>
  Object.fromEntries(Object.entries(dataset.splits).map(([name, indices]) => [name, [...indices]]));

describe('what cannot be opened says why and what to do', () => {
  it.each([
    ['an empty folder', {}, 'dataset-empty'],
    ['images alone', { 'a.jpg': 'x', 'b.png': 'y' }, 'dataset-no-annotations'],
    [
      'YOLO',
      { 'images/a.jpg': 'x', 'labels/a.txt': '0 .5 .5 .1 .1' },
      'dataset-format-unsupported',
    ],
    ['something else', { 'notes.docx': 'x' }, 'dataset-unrecognised'],
    [
      'a results file',
      {
        'r.json': '[{"image_id": 1, "category_id": 1, "bbox": [1,1,2,2], "score": 0.5}]',
        'a.jpg': 'x',
      },
      'coco-is-list',
    ],
    ['COCO without images', { 'a.json': coco([], []) }, 'dataset-no-images'],
    ['one broken label file', { 'Annotations/a.xml': '<annotation><object>' }, 'xml-invalid'],
  ])('%s', async (_, contents, code) => {
    const { details } = await refusal(contents);
    expect(details.code).toBe(code);
    expect(details.action ?? '').not.toBe('');
  });
});

describe('Pascal VOC', () => {
  it('sorts class names by code point, takes 1 off, clips, flags and keeps counts', async () => {
    const dataset = await open({
      'Annotations/a.xml': voc([
        ['😀', 1, 1, 100, 80],
        ['\uFFFD', 0, 0, 5, 5],
        ['Z', 10.9, 20, 30, 140],
        ['Z', 7, 7, 7, 9],
        ['Z', 200, 1, 300, 9],
      ]),
      'JPEGImages/a.png': pngBytes(100, 80),
    });
    // by UTF-16 units the emoji would come first
    expect(dataset.classes).toEqual(['Z', '\uFFFD', '😀']);
    expect(dataset.classCounts).toEqual([3, 1, 1]);
    expect([...dataset.annotations.boxes.subarray(0, 12)]).toEqual([
      0, 0, 99, 79, -1, -1, 4, 4, 9, 19, 29, 80,
    ]);
    expect([...dataset.annotations.flags]).toEqual([0, 0, 0, FLAG_UNUSABLE, FLAG_UNUSABLE]);
    expect(codes(dataset).toSorted()).toEqual([
      'voc-box-clipped',
      'voc-box-fractional',
      'voc-box-outside',
      'voc-box-zero-size',
    ]);
  });

  it('takes the size from the image where the label has none', async () => {
    const { images, problems } = await open({
      'Annotations/a.xml': voc([['d', 1, 1, 5, 5]], [0, 0]),
      'JPEGImages/a.png': pngBytes(33, 44),
    });
    expect(images[0]).toMatchObject({ width: 33, height: 44, missing: false });
    expect(problems).toEqual([]);
  });

  it('reads lists as splits, per-class lists not, and says what a list names in vain', async () => {
    const dataset = await open({
      'Annotations/1.xml': voc([['dog', 1, 1, 5, 5]]),
      'Annotations/2.xml': voc([]),
      'JPEGImages/1.png': pngBytes(100, 80),
      'JPEGImages/2.png': pngBytes(100, 80),
      'JPEGImages/3.png': pngBytes(100, 80),
      'ImageSets/Main/train.txt': '2\r\n1\r\n\r\n9\r\n',
      'ImageSets/Main/val.txt': '',
      'ImageSets/Main/dog_train.txt': '1 1\n2 -1\n',
      'ImageSets/Layout/other.txt': '1\n',
    });
    expect(splitsOf(dataset)).toEqual({ train: [1, 0], val: [] });
    expect(codes(dataset).toSorted()).toEqual([
      'image-without-labels',
      'list-empty',
      'list-id-unknown',
    ]);
    expect(dataset.problems.find(({ code }) => code === 'list-id-unknown')).toMatchObject({
      file: 'ImageSets/Main/train.txt',
      line: 4,
    });
  });

  it('joins years and keeps their images apart', async () => {
    const dataset = await open({
      'VOC2007/Annotations/1.xml': voc([['a', 1, 1, 5, 5]]),
      'VOC2007/JPEGImages/1.png': pngBytes(100, 80),
      'VOC2007/ImageSets/Main/train.txt': '1\n',
      'VOC2012/Annotations/1.xml': voc([['b', 1, 1, 5, 5]]),
      'VOC2012/JPEGImages/1.png': pngBytes(100, 80),
      'VOC2012/ImageSets/Main/train.txt': '1\n',
    });
    expect(dataset.images.map(({ path }) => path)).toEqual([
      'VOC2007/JPEGImages/1.png',
      'VOC2012/JPEGImages/1.png',
    ]);
    expect(splitsOf(dataset)).toEqual({ train: [0, 1] });
  });

  it('keeps going without an image, with a broken label file, or with an image that is none', async () => {
    const dataset = await open({
      'Annotations/gone.xml': voc([['a', 1, 1, 5, 5]]),
      'Annotations/broken.xml': '<annotation><object>',
      'Annotations/ok.xml': voc([['a', 1, 1, 5, 5]]),
      'Annotations/text.xml': voc([['a', 1, 1, 5, 5]]),
      'JPEGImages/ok.png': pngBytes(100, 80),
      'JPEGImages/broken.png': pngBytes(100, 80),
      'JPEGImages/text.jpg': 'not an image at all',
    });
    expect(dataset.images.map(({ name, missing }) => [name, missing])).toEqual([
      ['gone', true],
      ['ok', false],
      ['text', true],
    ]);
    expect(dataset.classCounts).toEqual([3]);
    expect(codes(dataset).toSorted()).toEqual([
      'image-missing',
      'image-unreadable',
      'image-without-labels',
      'xml-invalid',
    ]);
    await expect(dataset.readImage(0)).rejects.toThrow(/gone/);
    await expect(dataset.readImage(0)).rejects.toBeInstanceOf(UserError);
  });
});

describe('COCO', () => {
  const one = { id: 1, file_name: 'a.png', width: 100, height: 80 };

  it('flags what CocoDataset drops, and counts it', async () => {
    const boxes = [
      [10, 10, 30, 20],
      [10, 10, -5, 20],
      [10, 10, 0, 0],
      [10, 10, 0.5, 5],
      [500, 500, 10, 10],
      [-20, -20, 30, 30],
      [1, 1, 1e30, 5],
    ];
    const bad = [[1, 2, 3], [], null, ['10', '10', '20', '20']];
    const dataset = await open({
      'l.json': coco(
        [one],
        [...boxes, ...bad].map((bbox, id) => ({ id, image_id: 1, category_id: 1, bbox })),
      ),
      'a.png': pngBytes(100, 80),
    });
    expect([...dataset.annotations.flags]).toEqual([0, 2, 2, 2, 2, 0, 2]);
    expect([...dataset.annotations.boxes.subarray(20, 24)]).toEqual([0, 0, 10, 10]);
    expect(dataset.annotations.boxes.every(Number.isFinite)).toBe(true);
    expect(dataset.classCounts).toEqual([7]);
    expect(codes(dataset).filter((code) => code === 'coco-bbox-invalid')).toHaveLength(4);
  });

  it('finds images by path, suffix, stem, Unicode form and case; never outside, never by guess', async () => {
    const names = [
      'deep/er/x.png',
      'y.png',
      'z.jpg',
      'cafe\u0301.png',
      'UPPER.PNG',
      '../../secret.png',
      '/etc/passwd',
      'twice.png',
      'file:///etc/passwd',
      'C:\\a.png',
      'nul\0.png',
    ];
    const dataset = await open({
      'l.json': coco(
        names.map((file_name, i) => ({ id: i, file_name, width: 9, height: 9 })),
        [],
      ),
      'images/deep/er/x.png': pngBytes(9, 9),
      'data/y.png': pngBytes(9, 9),
      'z.png': pngBytes(9, 9),
      'caf\u00e9.png': pngBytes(9, 9),
      'upper.png': pngBytes(9, 9),
      'secret.png': pngBytes(9, 9),
      'etc/passwd.png': pngBytes(9, 9),
      'p/twice.png': pngBytes(9, 9),
      'q/twice.png': pngBytes(9, 9),
      'a.png': pngBytes(9, 9),
    });
    expect(dataset.images.map(({ path }) => path)).toEqual([
      'images/deep/er/x.png',
      'data/y.png',
      'z.png',
      'caf\u00e9.png',
      'upper.png',
      '',
      '',
      '',
      '',
      '',
      '',
    ]);
    expect(codes(dataset).filter((code) => code === 'image-name-unsafe')).toHaveLength(5);
    expect(codes(dataset).filter((code) => code === 'image-ambiguous')).toHaveLength(1);
  });

  it('makes a split of each file, by its name or folder, and tells images of one name apart', async () => {
    const file = coco(
      [{ id: 1, file_name: '1.png', width: 9, height: 9 }],
      [{ id: 1, image_id: 1, category_id: 1, bbox: [1, 1, 3, 3] }],
    );
    const roboflow = await open({
      'train/_annotations.coco.json': file,
      'train/1.png': pngBytes(9, 9),
      'valid/_annotations.coco.json': file,
      'valid/1.png': pngBytes(9, 9),
    });
    expect(splitsOf(roboflow)).toEqual({ train: [0], valid: [1] });
    expect(roboflow.images.map(({ path }) => path)).toEqual(['train/1.png', 'valid/1.png']);
    const years = await open({
      'annotations/instances_train2017.json': file,
      'annotations/instances_val2017.json': file,
      'annotations/person_keypoints_val2017.json': file,
      'train2017/1.png': pngBytes(9, 9),
      'val2017/1.png': pngBytes(9, 9),
    });
    expect(splitsOf(years)).toEqual({ train: [0], val: [1] });
    expect(codes(years)).toEqual(['coco-side-file']);
    expect(splitsOf(await open({ 'labels.json': file, '1.png': pngBytes(9, 9) }))).toEqual({
      all: [0],
    });
  });

  it('makes one image of a picture that two files list', async () => {
    const image = (id: number, file_name: string): Record<string, unknown> => ({
      id,
      file_name,
      width: 9,
      height: 9,
    });
    const box = (id: number, image_id: number): Record<string, unknown> => ({
      id,
      image_id,
      category_id: 1,
      bbox: [1, 1, 3, 3],
    });
    const dataset = await open({
      'annotations/all.json': coco([image(1, 'p.png'), image(2, 'q.png')], [box(1, 1), box(2, 2)]),
      'annotations/val.json': coco([image(7, 'q.png')], [box(1, 7)]),
      'p.png': pngBytes(9, 9),
      'q.png': pngBytes(9, 9),
    });
    expect(splitsOf(dataset)).toEqual({ all: [0, 1], val: [1] });
    expect(dataset.classCounts).toEqual([2]);
    expect(dataset.problems).toEqual([]);
  });

  it('keeps files with other categories and broken files out, and says so', async () => {
    const dataset = await open({
      'train.json': coco([one], [{ id: 1, image_id: 1, category_id: 1, bbox: [1, 1, 3, 3] }]),
      'val.json': coco([one], [], [{ id: 1, name: 'cat' }]),
      'test.json': '{"images": [],',
      'a.png': pngBytes(100, 80),
    });
    expect(splitsOf(dataset)).toEqual({ train: [0] });
    expect(codes(dataset).toSorted()).toEqual(['coco-categories-differ', 'json-invalid']);
  });
});

describe('frames of labels', () => {
  const xml = voc([['d', 1, 1, 11, 21]], [320, 240]);

  it('turns boxes along where the label states the stored size', async () => {
    const dataset = await open({
      'Annotations/a.xml': xml,
      'JPEGImages/a.jpg': jpegBytes(320, 240, 6),
    });
    expect(dataset.images[0]).toMatchObject({ width: 240, height: 320 });
    // stored (0, 0) … (10, 20) is at the top right once the image is turned clockwise
    expect([...dataset.annotations.boxes]).toEqual([220, 0, 240, 10]);
    expect(codes(dataset)).toEqual(['image-exif-turned']);
  });

  it('leaves boxes where the label states the shown size, or no size', async () => {
    for (const size of [
      [240, 320],
      [0, 0],
    ]) {
      const dataset = await open({
        'Annotations/a.xml': voc([['d', 1, 1, 11, 21]], size),
        'JPEGImages/a.jpg': jpegBytes(320, 240, 8),
      });
      expect([...dataset.annotations.boxes]).toEqual([0, 0, 10, 20]);
      expect(dataset.problems).toEqual([]);
    }
  });

  it('says when the label states neither', async () => {
    const dataset = await open({
      'Annotations/a.xml': voc([['d', 1, 1, 11, 21]], [640, 480]),
      'JPEGImages/a.jpg': jpegBytes(320, 240, 1),
    });
    expect(codes(dataset)).toEqual(['image-size-mismatch']);
    expect(dataset.images[0]).toMatchObject({ width: 320, height: 240 });
  });
});
