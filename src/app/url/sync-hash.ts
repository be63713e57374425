import type { AppState, AppStore } from '../store/store.ts';
import { formatHash, type HashState, parseHash } from './hash.ts';

function hashOf(state: AppState): HashState {
  return {
    place: state.place,
    sample: state.sampleSeed,
    split: state.dataset === null || state.split === state.dataset.trainSplit ? null : state.split,
    image: state.imageIndex,
    open: state.viewerOpen,
  };
}

/** A step that Back should undo: another place, or the viewer opened or closed. Paging through images is not. */
function isStep(before: HashState, after: HashState): boolean {
  return before.place !== after.place || before.open !== after.open;
}

/** Opens the sample that the address names, at its split. */
async function openNamed(store: AppStore, seed: number, split: string | null): Promise<void> {
  await store.getState().openDataset({ kind: 'sample', seed });
  const { dataset, chooseSplit } = store.getState();
  if (dataset === null || split === null) return;
  if (split === '' || Object.hasOwn(dataset.splits, split)) chooseSplit(split);
}

/**
 * Keeps the hash and the store the same, both ways, and opens what the address names at the start. Returns the function
 * that stops it.
 */
export function syncHash(store: AppStore): () => void {
  const take = (): void => {
    const wanted = parseHash(location.hash);
    const { dataset, sampleSeed } = store.getState();
    const known = dataset !== null && wanted.image !== null && wanted.image < dataset.numImages;
    store.setState({
      place: wanted.place,
      imageIndex: dataset === null || known ? wanted.image : null,
      viewerOpen: wanted.open && (dataset === null || known),
    });
    if (dataset !== null) {
      const split = wanted.split ?? dataset.trainSplit;
      if (split === '' || Object.hasOwn(dataset.splits, split)) store.getState().chooseSplit(split);
    }
    if (wanted.sample !== null && dataset === null && sampleSeed === null) {
      void openNamed(store, wanted.sample, wanted.split);
    }
  };
  const stop = store.subscribe((state) => {
    const after = hashOf(state);
    const text = formatHash(after);
    if (text === location.hash || (location.hash === '' && text === '#/data')) return;
    if (isStep(parseHash(location.hash), after)) history.pushState(null, '', text);
    else history.replaceState(null, '', text);
  });
  addEventListener('popstate', take);
  take();
  return () => {
    removeEventListener('popstate', take);
    stop();
  };
}
