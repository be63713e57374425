import type { DatasetFormat } from '../dataset.ts';
import type { FileSource } from '../file-source.ts';
import { readCocoDataset, scoreCoco } from './coco/coco-dataset.ts';
import type { OnOpenProgress, RawDataset } from './raw-dataset.ts';
import { readVocDataset, scoreVoc } from './voc/voc-dataset.ts';

/** One layout of data on disk. A new format is a folder beside this file and a line below. */
export interface FormatReader {
  readonly format: DatasetFormat;
  /** For people, e.g. `Pascal VOC`. */
  readonly title: string;
  /** 0 (certainly not) … 1, with what was seen, in English. Reads beginnings of files at most. */
  readonly score: (
    source: FileSource,
  ) => Promise<{ readonly score: number; readonly evidence: string }>;
  readonly read: (source: FileSource, onProgress?: OnOpenProgress) => Promise<RawDataset>;
}

export const FORMATS: readonly FormatReader[] = [
  { format: 'voc', title: 'Pascal VOC', score: scoreVoc, read: readVocDataset },
  { format: 'coco', title: 'COCO', score: scoreCoco, read: readCocoDataset },
];
