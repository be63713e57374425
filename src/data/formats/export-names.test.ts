import { describe, expect, it } from 'vitest';
import type { ImageEntry } from '../dataset.ts';
import { cocoFileNames, vocStems } from './export-names.ts';

function entries(list: readonly (readonly [path: string, name: string])[]): ImageEntry[] {
  return list.map(([path, name], index) => {
    return { index, path, name, id: index + 1, width: 1, height: 1, missing: path === '' };
  });
}

describe('names in an export', () => {
  it('are those of the data set where they are distinct', () => {
    const voc = entries([
      ['VOC2007/JPEGImages/000005.jpg', '000005'],
      ['VOC2007/JPEGImages/v1.2.jpg', 'v1.2'],
      ['', 'lost'],
    ]);
    expect(vocStems(voc)).toEqual(['000005', 'v1.2', 'lost']);
    expect(cocoFileNames(voc)).toEqual(['000005.jpg', 'v1.2.jpg', 'lost']);
    const coco = entries([
      ['train2017/0001.JPG', '0001.jpg'],
      ['images/val/0002.png', 'val/0002.png'],
    ]);
    expect(vocStems(coco)).toEqual(['0001', 'val_0002']);
    expect(cocoFileNames(coco)).toEqual(['train2017/0001.jpg', 'images/val/0002.png']);
  });

  it('are made distinct, letter case ignored, and never climb out', () => {
    const clash = entries([
      ['a/x.jpg', 'x.jpg'],
      ['b/x.png', 'x.png'],
      ['c/X.jpg', 'X.jpg'],
      ['', '../../etc/passwd'],
      ['', 'C:\\x'],
    ]);
    const stems = vocStems(clash);
    expect(stems.slice(0, 3)).toEqual(['x', 'x_2', 'X_3']);
    for (const names of [stems, cocoFileNames(clash)]) {
      expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(clash.length);
      for (const name of names) {
        expect(name).not.toBe('');
        expect(name).not.toMatch(/\.\.|\\|^\/|:/);
      }
    }
  });
});
