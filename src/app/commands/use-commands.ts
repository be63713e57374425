import { type DependencyList, useEffect, useSyncExternalStore } from 'react';
import {
  type AppCommand,
  currentCommands,
  registerCommands,
  subscribeCommands,
} from './registry.ts';

/** Offers commands while the component is mounted. `deps` are those of `build`, the language's `t` included. */
export function useCommands(build: () => readonly AppCommand[], deps: DependencyList): void {
  useEffect(() => registerCommands(build()), deps);
}

/** All commands that are offered now. */
export function useAllCommands(): readonly AppCommand[] {
  return useSyncExternalStore(subscribeCommands, currentCommands);
}
