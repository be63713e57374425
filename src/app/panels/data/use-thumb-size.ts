import { useSyncExternalStore } from 'react';

let size = 184;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function choose(next: number): void {
  size = next;
  for (const listener of listeners) listener();
}

/** The wanted width of the grid's pictures in CSS pixels; the same for the whole visit. */
export function useThumbSize(): readonly [number, (size: number) => void] {
  return [useSyncExternalStore(subscribe, () => size), choose];
}
