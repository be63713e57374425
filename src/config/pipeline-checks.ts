import type { ConfigPath } from './config-node.ts';
import { inputFrames } from './input-frames.ts';
import type { Report } from './problem.ts';
import { changesImages, drawsNothing, leafDatasets } from './resolved-data.ts';
import type { Config } from './schema/config-schema.ts';
import type { DatasetConfig } from './schema/data.ts';
import type { TransformConfig } from './schema/pipeline.ts';
import { checkStep } from './step-checks.ts';

const LOADERS = ['train_dataloader', 'val_dataloader', 'test_dataloader'] as const;

/** Steps that draw further images. */
const MIXING: ReadonlySet<string> = new Set(['Mosaic', 'MixUp']);

/** Steps that may stand before the labels are loaded: nothing they do moves a box. */
const BEFORE_LABELS: ReadonlySet<string> = new Set([
  'LoadImageFromFile',
  'LoadAnnotations',
  'PhotoMetricDistortion',
]);

/** One list of steps, and where it stands. */
interface PlacedPipeline {
  readonly at: ConfigPath;
  readonly steps: readonly TransformConfig[];
}

/** From file to network input: the data set's own pipeline, then that of a MultiImageMixDataset around it. */
function wholePipelines(dataset: DatasetConfig): PlacedPipeline[][] {
  const outer =
    dataset.type === 'MultiImageMixDataset' ? [{ at: ['pipeline'], steps: dataset.pipeline }] : [];
  return leafDatasets(dataset).map(({ path, dataset: leaf }) => [
    { at: [...path, 'pipeline'], steps: leaf.pipeline },
    ...outer,
  ]);
}

/** What would fail in MMDetection, go wrong there without a word, or is not done here. */
export function checkPipelines(config: Config, report: Report): void {
  const sizes = new Set<string>();
  for (const loader of LOADERS) {
    const dataset = config[loader]?.dataset;
    if (dataset === undefined) continue;
    for (const parts of wholePipelines(dataset)) {
      const placed = parts.map(({ at, steps }) => ({ at: [loader, 'dataset', ...at], steps }));
      for (const { at, steps } of placed) {
        steps.forEach((step, i) => checkStep(step, [...at, i], report));
      }
      checkWhole(placed, loader, report);
      const size = onlySize(placed.flatMap(({ steps }) => steps));
      if (size !== undefined) sizes.add(size);
    }
  }
  if (sizes.size > 1) {
    const what = `Training and testing resize differently: ${[...sizes].join(' and ')}.`;
    report(
      'warning',
      ['train_dataloader', 'dataset'],
      'config-pipeline-scale',
      what,
      'Boxes will have other sizes than in training.',
    );
  }
}

function checkWhole(
  placed: readonly PlacedPipeline[],
  loader: (typeof LOADERS)[number],
  report: Report,
): void {
  const steps = placed.flatMap((part) => part.steps);
  const at = placed[0]?.at ?? [];
  const last = placed.at(-1)?.at ?? at;
  const changing = steps.filter(changesImages);
  const acting = loader === 'train_dataloader' ? changing : changing.filter(drawsNothing);
  if (inputFrames(acting) === undefined) {
    report(
      'error',
      last,
      'config-pipeline',
      'The pipeline leaves images as large as the files are: it has no Resize, or another step that sets a size.',
      'Write `- {type: Resize, scale: …, keep_ratio: true}`.',
    );
  }
  for (const [type, where] of [
    ['LoadImageFromFile', at],
    ['PackDetInputs', last],
  ] as const) {
    if (steps.some((step) => step.type === type)) continue;
    report(
      'error',
      where,
      'config-pipeline',
      `The pipeline has no ${type}.`,
      `Add \`- type: ${type}\`.`,
    );
  }
  if (loader === 'train_dataloader') checkLabels(steps, at, report);
  const ignored = changing.filter((step) => !acting.includes(step)).map(({ type }) => type);
  if (ignored.length > 0) {
    report(
      'warning',
      at,
      'config-pipeline-test',
      `${ignored.join(', ')} ${ignored.length === 1 ? 'draws' : 'draw'} at random, which is left out when images are predicted.`,
      'Leave it out of this pipeline.',
    );
  }
  placed.forEach((part, index) => {
    part.steps.forEach(({ type }, i) => {
      if (!MIXING.has(type) || (index > 0 && loader === 'train_dataloader')) return;
      report(
        'error',
        [...part.at, i, 'type'],
        'config-pipeline-mix',
        `${type} mixes several images, which only the pipeline of a MultiImageMixDataset for training can.`,
        'Wrap the data set: {type: MultiImageMixDataset, dataset: …, pipeline: …}, and move the step to that pipeline.',
      );
    });
  });
}

function checkLabels(steps: readonly TransformConfig[], at: ConfigPath, report: Report): void {
  const labels = steps.findIndex((step) => step.type === 'LoadAnnotations');
  if (labels < 0) {
    report(
      'error',
      at,
      'config-pipeline',
      'The training pipeline has no LoadAnnotations.',
      'Add `- type: LoadAnnotations`.',
    );
    return;
  }
  const early = steps.slice(0, labels).find(({ type }) => !BEFORE_LABELS.has(type));
  if (early === undefined) return;
  report(
    'error',
    at,
    'config-pipeline-order',
    `${early.type} comes before LoadAnnotations: it would move the image and not the boxes.`,
    'Put LoadAnnotations right after LoadImageFromFile.',
  );
}

/** The size of a pipeline that resizes once, to one size; others have none to compare. */
function onlySize(steps: readonly TransformConfig[]): string | undefined {
  const changing = steps.filter(changesImages);
  const sizing = changing.filter(({ type }) => /Resize|Pad|Crop|Expand|Mosaic|Affine/.test(type));
  const [step] = sizing;
  if (sizing.length !== 1 || step?.type !== 'Resize' || step.scale === null) return undefined;
  return JSON.stringify([step.scale, step.keep_ratio]);
}
