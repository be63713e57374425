import { z } from 'zod';
import { FLAG_UNUSABLE } from '../../data/dataset.ts';
import type { Dataset } from '../../data/dataset.ts';
import { openDataset } from '../../data/formats/open-dataset.ts';
import { pngBytes } from '../../data/header-bytes.ts';
import { memorySource } from '../../data/sources/memory-source.ts';
import type { Outputs } from '../op-adapter.ts';
import type { OracleCase } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { EQUAL, close, exact, pageCase, same } from '../page-case.ts';
import { numbers } from '../page-schemas.ts';

const instance = z.object({ bbox: numbers, bbox_label: z.number(), ignore_flag: z.number() });
type Instance = z.infer<typeof instance>;

async function open(contents: Readonly<Record<string, string | Uint8Array>>): Promise<Dataset> {
  const source = memorySource('page', contents);
  const { dataset } = await openDataset(source);
  source.dispose();
  return dataset;
}

/** The boxes of one image that can be used, as far as they are asked for. */
function boxesOf({ annotations }: Dataset, image: number) {
  const from = annotations.offsets[image] ?? 0;
  const to = annotations.offsets[image + 1] ?? 0;
  return Array.from({ length: to - from }, (_, i) => from + i)
    .filter((at) => ((annotations.flags[at] ?? 0) & FLAG_UNUSABLE) === 0)
    .map((at) => ({
      box: [...annotations.boxes.subarray(at * 4, at * 4 + 4)],
      label: annotations.labels[at] ?? -1,
      flag: annotations.flags[at] ?? 0,
    }));
}

function wantedInstances(instances: readonly Instance[]) {
  return {
    boxes: close(instances.flatMap(({ bbox }) => bbox)),
    ignore: exact(instances.map(({ ignore_flag: flag }) => flag)),
  };
}

const vocSchema = z.object({
  cases: z.record(
    z.string(),
    z.object({
      xml: z.string(),
      parsed: z.object({
        img_id: z.string(),
        height: z.number(),
        width: z.number(),
        instances: z.array(instance),
      }),
    }),
  ),
});

/** VOC's classes in the order of MMDetection's `VOCDataset`. */
const VOC_CLASSES = (
  'aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person ' +
  'pottedplant sheep sofa train tvmonitor'
).split(' ');

/** VOC annotations as `XMLDataset` reads them: corners minus 1. */
export const vocParsePage: OraclePage = {
  page: 'voc_parse',
  cases: (document) =>
    Object.entries(vocSchema.parse(document).cases).map(([name, { xml, parsed }]): OracleCase => {
      const { instances, img_id: id, width, height } = parsed;
      return pageCase({
        op: 'voc_parse',
        name,
        onHost: true,
        wanted: {
          ...wantedInstances(instances),
          labels: exact(instances.map(({ bbox_label: label }) => label)),
        },
        async run() {
          const dataset = await open({
            [`Annotations/${id}.xml`]: xml,
            [`JPEGImages/${id}.png`]: pngBytes(width, height),
          });
          const found = boxesOf(dataset, 0);
          return {
            boxes: found.flatMap(({ box }) => box),
            ignore: found.map(({ flag }) => flag),
            labels: found.map(({ label }) => VOC_CLASSES.indexOf(dataset.classes[label] ?? '')),
          };
        },
      });
    }),
};

const cocoSchema = z.object({
  raw: z
    .object({
      images: z.array(
        z.object({ file_name: z.string(), width: z.number(), height: z.number() }).loose(),
      ),
    })
    .loose(),
  cat_ids: numbers,
  after_filter: z.array(z.object({ img_id: z.number(), instances: z.array(instance) })),
});

/**
 * A COCO file as `CocoDataset` reads it. What MMDetection leaves out altogether (an annotation with `ignore`) stays here
 * as ignored, behind the others.
 */
export const cocoParsePage: OraclePage = {
  page: 'coco_parse',
  cases(document) {
    const page = cocoSchema.parse(document);
    const images = Object.fromEntries(
      page.raw.images.map(({ file_name: name, width, height }) => [name, pngBytes(width, height)]),
    );
    const dataset = open({ 'labels.json': JSON.stringify(page.raw), ...images });
    // Awaited by the cases below, which report its failure; it must not be called unhandled before.
    dataset.catch(() => undefined);
    const ids = pageCase({
      op: 'coco_parse',
      name: 'cat_ids',
      onHost: true,
      wanted: { cat_ids: exact(page.cat_ids) },
      run: async () => ({ cat_ids: (await dataset).categoryIds }),
    });
    const perImage = page.after_filter.map(({ img_id: id, instances }) =>
      pageCase({
        op: 'coco_parse',
        name: `image ${id}`,
        onHost: true,
        wanted: {
          ...wantedInstances(instances),
          labels: exact(instances.map(({ bbox_label: label }) => label)),
          rest_ignored: EQUAL,
        },
        run: async () => imageOutputs(await dataset, id, instances.length),
      }),
    );
    return [ids, ...perImage];
  },
};

function imageOutputs(dataset: Dataset, id: number, count: number): Outputs {
  const found = boxesOf(
    dataset,
    dataset.images.findIndex((image) => image.id === id),
  );
  const kept = found.slice(0, count);
  return {
    boxes: kept.flatMap(({ box }) => box),
    ignore: kept.map(({ flag }) => flag),
    labels: kept.map(({ label }) => label),
    rest_ignored: same(found.slice(count).every(({ flag }) => flag !== 0)),
  };
}
