import { useCallback, useSyncExternalStore } from 'react';
import type { PictureState } from '../images/picture-cache.ts';
import { useServices } from './store-context.tsx';

/** The pixels of an image, at most `maxSide` pixels on the long side (0 = full size); fetched when first asked for. */
export function usePicture(index: number, maxSide: number): PictureState {
  const { pictures } = useServices();
  const subscribe = useCallback(
    (listener: () => void) => pictures.watch(index, maxSide, listener),
    [pictures, index, maxSide],
  );
  return useSyncExternalStore(subscribe, () => pictures.peek(index, maxSide));
}
