import { type ErrorDetails, errorDetails } from '../../base/errors.ts';
import type { Problem } from '../../data/dataset.ts';
import type { DatasetInput, DatasetSummary, Events } from '../../worker/protocol.ts';
import type { SliceCreator } from './slice.ts';
import type { AppState } from './store.ts';

export type DatasetPhase = 'none' | 'listing' | 'opening' | 'ready' | 'failed';

export interface DatasetSlice {
  /** The open dataset. It stays open (and shown) when opening another one fails. */
  readonly dataset: DatasetSummary | null;
  readonly datasetPhase: DatasetPhase;
  /** Counts while listing the dropped folder or parsing its labels; total 0 = not known. */
  readonly datasetProgress: Events['progress'] | null;
  readonly datasetError: ErrorDetails | null;
  /** Problems that turned up after opening, newest last. */
  readonly laterProblems: readonly Problem[];
  /** The seed, when the open dataset is the sample. */
  readonly sampleSeed: number | null;
  /** The split that the grid shows; `''` = all images. */
  readonly split: string;
  /** The class that the grid is filtered by; null = all. */
  readonly classFilter: number | null;
  openDataset(input: DatasetInput): Promise<void>;
  /** Says how far the listing of a dropped folder is, before anything reaches the engine. */
  reportListing(filesSoFar: number): void;
  /** A drop that could not be read. */
  failDataset(error: ErrorDetails): void;
  dismissDatasetError(): void;
  chooseSplit(split: string): void;
  filterByClass(classIndex: number | null): void;
  /** The dataset as a zip, or null when the engine refused (then `datasetError` says why). */
  exportDataset(format: 'voc' | 'coco'): Promise<File | null>;
}

export const createDatasetSlice: SliceCreator<DatasetSlice> = ({ set, get, client }) => {
  client.on('progress', (progress) => set({ datasetProgress: progress }));
  client.on('problem', (problem) =>
    set((state) => ({ laterProblems: [...state.laterProblems, problem] })),
  );
  // A second drop while the first is still being parsed: the newest wins, the older reply is not shown.
  let opening = 0;
  const fail = (error: ErrorDetails): void =>
    set({
      datasetPhase: get().dataset === null ? 'failed' : 'ready',
      datasetError: error,
      datasetProgress: null,
    });
  return {
    dataset: null,
    datasetPhase: 'none',
    datasetProgress: null,
    datasetError: null,
    laterProblems: [],
    sampleSeed: null,
    split: '',
    classFilter: null,
    async openDataset(input) {
      opening += 1;
      const mine = opening;
      set({ datasetPhase: 'opening', datasetError: null });
      try {
        const dataset = await client.call('openDataset', { input });
        if (mine !== opening) return;
        // The image that the address names is kept when the first dataset of this visit has it.
        const { dataset: before, imageIndex, viewerOpen } = get();
        const kept = before === null && imageIndex !== null && imageIndex < dataset.numImages;
        set({
          dataset,
          datasetPhase: 'ready',
          datasetProgress: null,
          laterProblems: [],
          sampleSeed: input.kind === 'sample' ? input.seed : null,
          split: dataset.trainSplit,
          classFilter: null,
          imageIndex: kept ? imageIndex : null,
          viewerOpen: kept && viewerOpen,
        });
      } catch (error) {
        if (mine === opening) fail(errorDetails(error));
      }
    },
    reportListing(filesSoFar) {
      set({
        datasetPhase: 'listing',
        datasetError: null,
        datasetProgress: { task: 'listing', done: filesSoFar, total: 0 },
      });
    },
    failDataset: fail,
    dismissDatasetError: () =>
      set({ datasetError: null, datasetPhase: get().dataset === null ? 'none' : 'ready' }),
    chooseSplit: (split) => set({ split }),
    filterByClass: (classFilter) => set({ classFilter }),
    async exportDataset(format) {
      set({ datasetError: null });
      try {
        const { fileName, data } = await client.call('exportDataset', { format });
        set({ datasetProgress: null });
        return new File([data], fileName, { type: 'application/zip' });
      } catch (error) {
        set({ datasetProgress: null, datasetError: errorDetails(error) });
        return null;
      }
    },
  };
};

export const selectDataset = (state: AppState): DatasetSummary | null => state.dataset;
export const selectClasses = (state: AppState): DatasetSummary['classes'] =>
  state.dataset?.classes ?? NO_CLASSES;

const NO_CLASSES: DatasetSummary['classes'] = [];
