import type { AppServices } from '../../src/app/store/store-context.tsx';
import type { ErrorDetails } from '../../src/base/errors.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { fakeDataset } from '../../src/worker/fake-dataset.ts';
import { FAKE_DEVICES } from '../../src/worker/fake-device.ts';
import type { FakeEngine, FakeScript } from '../../src/worker/fake-engine.ts';
import { FAKE_MAX_ITERS } from '../../src/worker/fake-run.ts';
import type { StateId } from './state-ids.ts';

export interface Stage {
  readonly services: AppServices;
  readonly engine: FakeEngine;
  /** Clicks the first element that the selector finds, as soon as there is one. */
  click(selector: string): Promise<void>;
  /** Waits until pictures and lists have arrived. */
  settle(): Promise<void>;
}

export interface GalleryState {
  readonly script?: Partial<FakeScript>;
  /** The sample is opened before `drive`. */
  readonly data?: 'sample' | 'labels';
  readonly drive?: (stage: Stage) => Promise<void>;
}

const NO_LABELS: ErrorDetails = {
  code: 'voc-no-labels',
  what: 'The folder holds no VOC label file.',
  why: '2,913 images were found, but no .xml file and no COCO .json file.',
  action: 'Choose the folder that holds both Annotations and JPEGImages.',
  place: { file: 'VOCdevkit/VOC2012/JPEGImages' },
};

const OUT_OF_MEMORY: ErrorDetails = {
  code: 'gpu-out-of-memory',
  what: 'The GPU ran out of memory in step 341.',
  why: 'A buffer of 1.2 GB could not be made; 3.1 GB were in use.',
  action: 'Choose a smaller image size or batch size, then train again.',
  place: { file: 'config.yaml', key: 'train_dataloader.batch_size' },
};

async function run(
  stage: Stage,
  phase: Parameters<FakeEngine['showRun']>[0],
  iter: number,
): Promise<void> {
  const { store } = stage.services;
  await store.getState().loadPreset('retinanet/retinanet_r18_fpn_sample');
  store.getState().goTo('train');
  await stage.settle();
  stage.engine.showRun(phase, iter);
}

async function predictable(stage: Stage): Promise<void> {
  stage.engine.showRun('paused', 900);
  stage.services.store.getState().goTo('evaluate');
}

/** How each state is reached: what the engine is told to do, and what the user does. */
export const STATES: Readonly<Record<StateId, GalleryState>> = {
  start: {},
  'start-listing': {
    drive: async ({ services }) => services.store.getState().reportListing(12_400),
  },
  'start-parsing': {
    script: { hanging: ['openDataset'] },
    drive: async ({ services, engine }) => {
      void services.store.getState().openDataset({ kind: 'files', name: 'voc', files: [] });
      engine.emit('progress', { task: 'parsing', done: 1860, total: 2913 });
    },
  },
  'start-failed': {
    script: { failing: { openDataset: NO_LABELS } },
    drive: async ({ services }) =>
      services.store.getState().openDataset({ kind: 'files', name: 'voc', files: [] }),
  },
  'start-drop-overlay': {
    drive: async () => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['x'], 'a.zip'));
      window.dispatchEvent(new DragEvent('dragenter', { dataTransfer }));
    },
  },
  'device-good': { drive: ({ click }) => click('header [data-state]') },
  'device-software': {
    script: { device: FAKE_DEVICES.software },
    drive: ({ click }) => click('header [data-state=software]'),
  },
  'device-wrong': {
    script: { device: FAKE_DEVICES.wrong },
    drive: ({ click }) => click('header [data-state=wrong]'),
  },
  'device-none': {
    script: { device: FAKE_DEVICES.none },
    drive: ({ click }) => click('header [data-state=none]'),
  },
  'engine-down': {
    script: {
      failing: {
        hello: {
          code: 'engine-unreachable',
          what: 'The engine could not be loaded.',
          why: 'Its script was not found or was blocked.',
          action: 'Reload the page; if you are offline, reconnect first.',
        },
      },
    },
    drive: ({ click }) => click('header [data-state=engineDown]'),
  },
  'data-sample': { data: 'sample' },
  'data-labels': { data: 'labels' },
  'data-class': {
    data: 'sample',
    drive: async ({ services }) => services.store.getState().filterByClass(2),
  },
  'data-problems': { data: 'labels', drive: (stage) => inspect(stage, 1) },
  'data-no-problems': { data: 'sample', drive: (stage) => inspect(stage, 1) },
  'data-image': {
    data: 'sample',
    drive: async ({ services }) => {
      services.store.getState().openImage(3);
      services.store.getState().pointAtBox(0);
    },
  },
  'data-image-missing': {
    data: 'labels',
    drive: async ({ services }) => services.store.getState().openImage(13),
  },
  'data-nothing': {
    data: 'labels',
    script: {
      openDataset: () =>
        fakeDataset({ images: 6, classes: Array.from({ length: 40 }, (_, i) => `part ${i + 1}`) }),
    },
    drive: async ({ services }) => {
      const { dataset, filterByClass } = services.store.getState();
      filterByClass(dataset?.classes.findIndex(({ count }) => count === 0) ?? null);
    },
  },
  'data-partial': {
    data: 'labels',
    script: { openDataset: () => fakeDataset({ images: 1400 }), listStopsAt: 1000 },
  },
  'data-failed-second-drop': {
    data: 'sample',
    drive: async ({ services }) => services.store.getState().failDataset(NO_LABELS),
  },
  'config-empty': { drive: async ({ services }) => services.store.getState().goTo('config') },
  config: {
    data: 'sample',
    drive: async ({ services }) => {
      await services.store.getState().loadPreset('retinanet/retinanet_r18_fpn_sample');
      services.store.getState().goTo('config');
    },
  },
  'config-broken': {
    data: 'sample',
    drive: async ({ services }) => {
      await services.store
        .getState()
        .openConfigText('model:\n\tbackbone:\n\t\tdepth: 18\n', 'mine.yaml');
      services.store.getState().goTo('config');
    },
  },
  'config-failed': {
    data: 'sample',
    script: {
      failing: {
        loadPreset: {
          code: 'preset-unknown',
          what: 'There is no preset of this name.',
          action: 'Choose another.',
        },
      },
    },
    drive: async ({ services }) => {
      await services.store.getState().loadPreset('retinanet/gone');
      services.store.getState().goTo('config');
    },
  },
  'train-empty': { drive: async ({ services }) => services.store.getState().goTo('train') },
  'train-ready': {
    data: 'sample',
    drive: async ({ services }) => {
      await services.store.getState().loadPreset('retinanet/retinanet_r18_fpn_sample');
      services.store.getState().goTo('train');
    },
  },
  'train-preparing': {
    data: 'sample',
    drive: async (stage) => {
      await run(stage, 'preparing', 0);
      stage.engine.showRun('preparing', 0, {
        progress: { label: 'compiling', done: 34, total: 58 },
      });
    },
  },
  'train-running': { data: 'sample', drive: (stage) => run(stage, 'running', 340) },
  'train-paused': { data: 'sample', drive: (stage) => run(stage, 'paused', 512) },
  'train-finished': { data: 'sample', drive: (stage) => run(stage, 'finished', FAKE_MAX_ITERS) },
  'train-failed': {
    data: 'sample',
    drive: async (stage) => {
      await run(stage, 'running', 340);
      stage.engine.showRun('failed', 341, { error: OUT_OF_MEMORY });
    },
  },
  'predict-no-model': {
    data: 'sample',
    drive: async ({ services }) => services.store.getState().goTo('evaluate'),
  },
  'predict-no-image': { data: 'sample', drive: predictable },
  'predict-working': {
    data: 'sample',
    script: { hanging: ['predict'] },
    drive: async (stage) => {
      stage.services.store.getState().selectImage(3);
      await predictable(stage);
    },
  },
  predict: {
    data: 'sample',
    drive: async (stage) => {
      stage.services.store.getState().selectImage(3);
      await predictable(stage);
    },
  },
  'predict-nothing': {
    data: 'sample',
    drive: async (stage) => {
      stage.services.store.getState().selectImage(3);
      stage.services.store.getState().chooseScoreThr(0.95);
      await predictable(stage);
    },
  },
  'predict-failed': {
    data: 'sample',
    script: { failing: { predict: OUT_OF_MEMORY } },
    drive: async (stage) => {
      stage.services.store.getState().selectImage(3);
      await predictable(stage);
    },
  },
  'predict-weights': {
    data: 'sample',
    drive: async (stage) => {
      stage.services.store.getState().selectImage(3);
      await stage.services.store
        .getState()
        .loadCheckpoint(new File([new Uint8Array(38_200_000)], 'mine.safetensors'));
      stage.services.store.getState().goTo('evaluate');
    },
  },
  'weights-refused': {
    data: 'sample',
    script: {
      failing: {
        loadCheckpoint: {
          code: 'safetensors-invalid',
          what: 'This is not a safetensors file.',
          why: 'Its header ends beyond the end of the file.',
          action: 'Export the weights again, or drop the .pth file.',
          place: { file: 'mine.safetensors' },
        },
      },
    },
    drive: async ({ services }) => {
      await services.store.getState().loadCheckpoint(new File(['x'], 'mine.safetensors'));
      services.store.getState().goTo('evaluate');
    },
  },
  help: { data: 'sample', drive: async ({ services }) => services.store.getState().showHelp(true) },
  palette: {
    data: 'sample',
    drive: async ({ services }) => services.store.getState().showPalette(true),
  },
};

/** Chooses a tab of the inspector; on narrow screens the sheet that holds it is opened first. */
async function inspect({ click }: Stage, tab: number): Promise<void> {
  if (document.querySelector('[role=tab]') === null) await click('main [data-details]');
  await click(`[role=tablist] > :nth-child(${tab + 1})`);
}

/** What opens in a state: the real sample with its own pictures, or a made-up folder with everything that can be wrong. */
export function datasetOf(state: GalleryState, sample: Dataset): Dataset {
  return state.data === 'sample' ? sample : fakeDataset({ images: 60 });
}
