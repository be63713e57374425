import { useMemo, useSyncExternalStore } from 'react';
import type { ImageInfo } from '../../worker/protocol.ts';
import { useServices, useStore } from './store-context.tsx';

/** The images of the chosen split that hold the chosen class, in list order; grows while pages arrive. */
export function visibleImages(
  list: readonly ImageInfo[],
  classFilter: number | null,
): readonly ImageInfo[] {
  return classFilter === null ? list : list.filter(({ labels }) => labels.includes(classFilter));
}

/** {@link visibleImages} of the present split and class, kept up to date. */
export function useVisibleImages(): readonly ImageInfo[] {
  const list = useImageList();
  const classFilter = useStore((state) => state.classFilter);
  return useMemo(() => visibleImages(list, classFilter), [list, classFilter]);
}

/** All images of the chosen split that were fetched so far. */
export function useImageList(): readonly ImageInfo[] {
  const { images } = useServices();
  return useSyncExternalStore(images.subscribe, () => images.list);
}

/** Names and boxes of one image; undefined until they are fetched. */
export function useImageInfo(index: number | null): ImageInfo | undefined {
  const { images } = useServices();
  return useSyncExternalStore(images.subscribe, () =>
    index === null ? undefined : images.find(index),
  );
}

/** Changes whenever an image becomes known, whatever its split; for lookups by file name. */
export function useImagesVersion(): number {
  const { images } = useServices();
  return useSyncExternalStore(images.subscribe, () => images.version);
}
