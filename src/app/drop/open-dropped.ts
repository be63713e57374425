import { errorDetails } from '../../base/errors.ts';
import type { AppStore } from '../store/store.ts';
import { classifyDrop } from './classify.ts';
import { type Found, type ListOptions, listDirectory, listInput } from './list-files.ts';

let underWay: AbortController | null = null;

/** Stops listing the folder that is being listed, if any. */
export function cancelListing(): void {
  underWay?.abort();
}

/** Lists with counts, then opens what was found; a failure is shown where the dataset would be. */
export async function openFound(
  store: AppStore,
  list: (options: ListOptions) => Promise<Found> | Found,
): Promise<void> {
  cancelListing();
  const controller = new AbortController();
  underWay = controller;
  const { reportListing, failDataset, dismissDatasetError } = store.getState();
  try {
    const found = await list({
      signal: controller.signal,
      onCount: (files) => {
        if (!controller.signal.aborted) reportListing(files);
      },
    });
    controller.signal.throwIfAborted();
    await open(store, found);
  } catch (error) {
    if (controller.signal.aborted) dismissDatasetError();
    else failDataset(errorDetails(error));
  } finally {
    if (underWay === controller) underWay = null;
  }
}

async function open(store: AppStore, found: Found): Promise<void> {
  const state = store.getState();
  const dropped = classifyDrop(found);
  // Counting the files of a checkpoint or picture left the grid in its listing state.
  if (dropped.kind !== 'dataset') state.dismissDatasetError();
  switch (dropped.kind) {
    case 'dataset':
      state.goTo('data');
      return state.openDataset(dropped.input);
    case 'checkpoint':
      state.goTo('evaluate');
      return state.loadCheckpoint(dropped.file);
    case 'image':
      state.goTo('evaluate');
      return state.predictOn({ kind: 'file', file: dropped.file });
    case 'config':
      state.goTo('config');
      return state.openConfigText(await dropped.file.text(), dropped.file.name);
    case 'nothing':
      return state.failDataset({
        code: 'drop-empty',
        what: 'There is no file in what was dropped.',
        action: 'Drop the folder that holds the images and the labels.',
      });
    case 'unknown':
      return state.failDataset({
        code: 'drop-unknown',
        what: 'This kind of file is not known here.',
        why: 'Known are folders and .zip files (datasets), images, .safetensors (weights) and .yaml (configs).',
        action: 'Drop one of these.',
        place: { file: dropped.name },
      });
  }
}

type DirectoryPicker = (options: { readonly id: string }) => Promise<FileSystemDirectoryHandle>;

/** Chromium's folder dialog; null elsewhere. */
function directoryPicker(): DirectoryPicker | null {
  const picker: unknown = Reflect.get(window, 'showDirectoryPicker');
  if (typeof picker !== 'function') return null;
  return (options) => Reflect.apply(picker, window, [options]);
}

/** Lets the user choose a folder: the browser's folder dialog, or `<input webkitdirectory>` where there is none. */
export async function chooseFolder(store: AppStore): Promise<void> {
  const picker = directoryPicker();
  if (picker !== null) {
    let handle: FileSystemDirectoryHandle;
    try {
      handle = await picker({ id: 'dataset' });
    } catch (error) {
      // Closing the dialog is no failure.
      if (error instanceof DOMException && error.name === 'AbortError') return;
      store.getState().failDataset(errorDetails(error));
      return;
    }
    await openFound(store, (options) => listDirectory(handle, options));
    return;
  }
  chooseWith(store, (input) => {
    input.webkitdirectory = true;
  });
}

/** Lets the user choose one file of the given kinds (`.zip`, `image/*` …) and opens it by what it is. */
export function chooseFile(store: AppStore, accept: string): void {
  chooseWith(store, (input) => {
    input.accept = accept;
  });
}

function chooseWith(store: AppStore, prepare: (input: HTMLInputElement) => void): void {
  const input = document.createElement('input');
  input.type = 'file';
  prepare(input);
  input.addEventListener('change', () => {
    const { files } = input;
    if (files !== null && files.length > 0) void openFound(store, () => listInput(files));
  });
  input.click();
}
