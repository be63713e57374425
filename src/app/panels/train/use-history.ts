import { useSyncExternalStore } from 'react';
import type { RunHistory, RunRecord } from '../../series/run-history.ts';
import { selectRun } from '../../store/run-slice.ts';
import { useServices, useStore } from '../../store/store-context.tsx';

/** The records of this visit's runs; renders again with everything that arrives. */
export function useHistory(): { readonly history: RunHistory; readonly version: number } {
  const { history } = useServices();
  const version = useSyncExternalStore(history.subscribe, () => history.version);
  return { history, version };
}

/** The record of the run that is shown: the one whose line was chosen, else the newest. */
export function useShownRun(): RunRecord | undefined {
  const { history } = useHistory();
  const chosen = useStore((state) => state.chosenRun);
  const newest = useStore(selectRun)?.runId;
  return history.find(chosen ?? newest);
}
