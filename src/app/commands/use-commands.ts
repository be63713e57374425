import { useEffect, useSyncExternalStore } from 'react';
import {
  type AppCommand,
  currentCommands,
  registerCommands,
  subscribeCommands,
} from './registry.ts';

/** Offers commands while the component is mounted. Pass a memoised list (`useMemo`), or every render registers anew. */
export function useCommands(commands: readonly AppCommand[]): void {
  useEffect(() => registerCommands(commands), [commands]);
}

/** All commands that are offered now. */
export function useAllCommands(): readonly AppCommand[] {
  return useSyncExternalStore(subscribeCommands, currentCommands);
}
