import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportDataset } from '../src/data/formats/export-dataset.ts';
import { createSampleDataset } from '../src/data/sample/sample-dataset.ts';
import { loadSampleArt } from '../src/data/sample/sample-art.node.ts';
import type { Dataset } from '../src/data/dataset.ts';
import { zipSource } from '../src/data/sources/zip-source.ts';

/** Images of the folder that the journey drops; 12 to train on and 4 to evaluate. */
const TRAIN = 12;
const ALL = 16;

/** The first images of the sample as a dataset of its own. */
function firstImages(sample: Dataset): Dataset {
  const { offsets, boxes, labels, flags, areas } = sample.annotations;
  const last = offsets[ALL] ?? 0;
  const kept = labels.slice(0, last);
  return {
    ...sample,
    name: 'small',
    images: sample.images.slice(0, ALL),
    annotations: {
      offsets: offsets.slice(0, ALL + 1),
      boxes: boxes.slice(0, last * 4),
      labels: kept,
      flags: flags.slice(0, last),
      areas: areas.slice(0, last),
    },
    classCounts: sample.classes.map((_, label) => kept.filter((own) => own === label).length),
    splits: {
      train: Uint32Array.from({ length: TRAIN }, (_, i) => i),
      val: Uint32Array.from({ length: ALL - TRAIN }, (_, i) => TRAIN + i),
    },
  };
}

/** A Pascal VOC folder and the same as a zip, made by the product's own export. */
export interface SmallVoc {
  readonly folder: string;
  readonly zip: Uint8Array<ArrayBuffer>;
}

/** Writes the folder to the system's temporary files, with one broken label and one broken picture in it. */
export async function makeSmallVoc(): Promise<SmallVoc> {
  const sample = await createSampleDataset({ seed: 3, loadArt: loadSampleArt });
  const blob = await exportDataset(firstImages(sample), 'voc');
  const zip = new Uint8Array(await blob.arrayBuffer());
  const folder = join(await mkdtemp(join(tmpdir(), 'anchorage-e2e-')), 'small-voc');
  const source = await zipSource('small.zip', zip);
  for (const file of source.files) {
    const path = join(folder, file.path);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, await file.bytes());
  }
  source.dispose();
  const annotations = (await findFolder(folder, 'Annotations')) ?? folder;
  await writeFile(join(annotations, 'broken.xml'), '<annotation><object>');
  return { folder, zip };
}

async function findFolder(folder: string, name: string): Promise<string | undefined> {
  const { readdir } = await import('node:fs/promises');
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    if (entry.name === name) return path;
    const inside = await findFolder(path, name);
    if (inside !== undefined) return inside;
  }
  return undefined;
}
