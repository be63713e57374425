import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FLAG_IGNORE, FLAG_UNUSABLE, type Dataset } from '../dataset.ts';
import { pngBytes } from '../header-bytes.ts';
import { directorySource } from '../sources/directory-source.node.ts';
import { memorySource } from '../sources/memory-source.ts';
import { openDataset } from './open-dataset.ts';

const DATASETS = '../shared/datasets';
const MMDET = '../shared/oracle/mmdet';

async function open(contents: Record<string, string | Uint8Array>): Promise<Dataset> {
  return (await openDataset(memorySource('set', contents))).dataset;
}

describe.skipIf(!existsSync(DATASETS))('real data of ../shared/datasets', () => {
  const expected = { RBC: 4155, WBC: 372, Platelets: 361 };

  it.each(['bccd_voc', 'bccd_coco'])('opens %s with the counts of its report', async (name) => {
    const { dataset, evidence } = await openDataset(await directorySource(`${DATASETS}/${name}`));
    expect(dataset.images).toHaveLength(364);
    expect(Object.fromEntries(dataset.classes.map((c, i) => [c, dataset.classCounts[i]]))).toEqual(
      expected,
    );
    expect(
      Object.fromEntries(Object.entries(dataset.splits).map(([k, v]) => [k, v.length])),
    ).toMatchObject({ train: 205, val: 87, test: 72 });
    expect(dataset.problems.map(({ code }) => code.replace(/^\w+-/, ''))).toEqual([
      'box-zero-size',
      'box-zero-size',
    ]);
    expect(dataset.annotations.flags.filter((flag) => flag === FLAG_UNUSABLE)).toHaveLength(2);
    expect(evidence).toContain(
      name === 'bccd_voc' ? '364 XML files with <annotation>' : 'instances_train.json',
    );
    expect((await dataset.readImage(0)).length).toBeGreaterThan(1000);
  });

  it('gives the same boxes from both layouts, but for the −1 of VOC', async () => {
    const [a, b] = await Promise.all(
      ['bccd_voc', 'bccd_coco'].map(
        async (name) => (await openDataset(await directorySource(`${DATASETS}/${name}`))).dataset,
      ),
    );
    if (a === undefined || b === undefined) throw new Error('not opened');
    const byStem = (dataset: Dataset, shift: number): Map<string, string[]> =>
      new Map(
        dataset.images.map(({ index, name }) => {
          const { offsets, boxes, labels } = dataset.annotations;
          const rows: string[] = [];
          for (let i = offsets[index] ?? 0; i < (offsets[index + 1] ?? 0); i++) {
            rows.push(
              [
                dataset.classes[labels[i] ?? 0],
                ...Array.from(boxes.subarray(4 * i, 4 * i + 4), (v) => v + shift),
              ].join(' '),
            );
          }
          return [name.replace(/^.*\//, '').replace(/\.\w+$/, ''), rows.toSorted()];
        }),
      );
    expect(byStem(a, 1)).toEqual(byStem(b, 0));
  });

  it('opens the HumanParts layout, .JPG and .png among .jpg', async () => {
    const { dataset } = await openDataset(
      await directorySource(`${DATASETS}/bccd_humanparts_layout`),
    );
    expect(dataset.images.filter((image) => !image.missing)).toHaveLength(32);
    expect([dataset.splits['train']?.length, dataset.splits['val']?.length]).toEqual([24, 8]);
    expect(dataset.problems).toEqual([]);
  });

  it('names labelme, and opens COCO with its crowds', async () => {
    await expect(openDataset(await directorySource(`${DATASETS}/bccd_labelme`))).rejects.toThrow(
      /labelme/,
    );
    const { dataset } = await openDataset(await directorySource(`${DATASETS}/coco_tiny_train2017`));
    expect([
      dataset.images.length,
      dataset.classes.length,
      dataset.annotations.labels.length,
    ]).toEqual([40, 80, 364]);
    expect(dataset.annotations.flags.filter((flag) => (flag & FLAG_IGNORE) !== 0)).toHaveLength(6);
    expect(dataset.categoryIds[79]).toBe(90);
    expect(Object.keys(dataset.splits)).toEqual(['train']);
  });
});

describe.skipIf(!existsSync(MMDET))("MMDetection's own parsing (../shared/oracle/mmdet)", () => {
  it('reads VOC boxes as XMLDataset does', async () => {
    interface Parsed {
      xml: string;
      parsed: {
        width: number;
        height: number;
        instances: { bbox: number[]; ignore_flag: number }[];
      };
    }
    const oracle: { cases: Record<string, Parsed> } = JSON.parse(
      readFileSync(`${MMDET}/voc_parse.json`, 'utf8'),
    );
    for (const { xml, parsed } of Object.values(oracle.cases)) {
      const { annotations } = await open({
        'Annotations/000001.xml': xml,
        'JPEGImages/000001.png': pngBytes(parsed.width, parsed.height),
      });
      expect([...annotations.boxes]).toEqual(parsed.instances.flatMap(({ bbox }) => bbox));
      expect([...annotations.flags]).toEqual(
        parsed.instances.map(({ ignore_flag }) => ignore_flag),
      );
    }
  });

  it("keeps what CocoDataset keeps, and the rest flagged, counted 'as in the file'", async () => {
    const oracle: {
      raw: { images: { file_name: string; width: number; height: number }[] };
      after_filter: {
        img_id: number;
        instances: { bbox: number[]; bbox_label: number; ignore_flag: number }[];
      }[];
    } = JSON.parse(readFileSync(`${MMDET}/coco_parse.json`, 'utf8'));
    const images = Object.fromEntries(
      oracle.raw.images.map(({ file_name, width, height }) => [file_name, pngBytes(width, height)]),
    );
    const {
      annotations,
      images: entries,
      classCounts,
    } = await open({ 'labels.json': JSON.stringify(oracle.raw), ...images });
    for (const { img_id, instances } of oracle.after_filter) {
      const index = entries.findIndex(({ id }) => id === img_id);
      const kept: unknown[] = [];
      for (
        let i = annotations.offsets[index] ?? 0;
        i < (annotations.offsets[index + 1] ?? 0);
        i++
      ) {
        const flag = annotations.flags[i] ?? 0;
        if ((flag & FLAG_UNUSABLE) !== 0) continue;
        kept.push([[...annotations.boxes.subarray(4 * i, 4 * i + 4)], annotations.labels[i], flag]);
      }
      // MMDetection leaves an annotation with `ignore` out altogether; here it stays, flagged as ignored
      const usable = kept.slice(0, instances.length);
      expect(usable).toEqual(
        instances.map(({ bbox, bbox_label, ignore_flag }) => [bbox, bbox_label, ignore_flag]),
      );
    }
    // seven of eight annotations have a known category
    expect(classCounts).toEqual([6, 1]);
  });
});
