import { describe, expect, it } from 'vitest';
import { classifyDrop } from './classify.ts';

function drop(...names: readonly string[]) {
  return {
    name: names[0] ?? '',
    hasFolder: false,
    files: names.map((path) => ({ path, file: new File([], path) })),
  };
}

describe('what a drop is for', () => {
  it.each([
    ['set.zip', 'dataset'],
    ['SET.ZIP', 'dataset'],
    ['best.safetensors', 'checkpoint'],
    ['epoch_12.pth', 'checkpoint'],
    ['retinanet.yaml', 'config'],
    ['street.JPG', 'image'],
    ['street.webp', 'image'],
    ['instances_train.json', 'dataset'],
    ['a.xml', 'dataset'],
    ['notes.docx', 'unknown'],
    ['zip', 'unknown'],
  ])('%s alone: %s', (name, kind) => {
    expect(classifyDrop(drop(name)).kind).toBe(kind);
  });

  it('a zip is handed over as one', () => {
    expect(classifyDrop(drop('set.zip'))).toMatchObject({ input: { kind: 'zip' } });
  });

  it('several files, and any folder, are a dataset, also a folder with one checkpoint in it', () => {
    expect(classifyDrop(drop('a.jpg', 'a.xml')).kind).toBe('dataset');
    expect(classifyDrop({ ...drop('best.safetensors'), hasFolder: true }).kind).toBe('dataset');
  });

  it('an empty folder is nothing', () => {
    expect(classifyDrop({ name: 'empty', hasFolder: true, files: [] }).kind).toBe('nothing');
  });

  it('an image without an ending is known by its type', () => {
    const file = new File([], 'pasted', { type: 'image/png' });
    expect(
      classifyDrop({ name: 'pasted', hasFolder: false, files: [{ path: 'pasted', file }] }).kind,
    ).toBe('image');
  });
});
