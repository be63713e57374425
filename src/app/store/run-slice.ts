import { type ErrorDetails, errorDetails } from '../../base/errors.ts';
import type { RunStatus } from '../../worker/protocol.ts';
import type { SliceCreator } from './slice.ts';
import type { AppState } from './store.ts';

export interface RunSlice {
  /** The last status the engine sent; null before the first run of this visit. */
  readonly run: RunStatus | null;
  /** The newest total loss of that run; null before the first logged iteration. The run bar shows it. */
  readonly lastLoss: number | null;
  /** Why the last start, pause, resume or stop was refused. */
  readonly runError: ErrorDetails | null;
  /** Starts a run of the present config on the open dataset. */
  startRun(): Promise<void>;
  pauseRun(): Promise<void>;
  resumeRun(): Promise<void>;
  stopRun(): Promise<void>;
}

export const createRunSlice: SliceCreator<RunSlice> = ({ set, get, client }) => {
  client.on('run', (run) => set({ run }));
  client.on('metrics', ({ keys, values }) => {
    const column = keys.indexOf('loss');
    const loss = column < 0 ? undefined : values[values.length - keys.length + column];
    if (loss !== undefined) set({ lastLoss: loss });
  });
  const attempt = async (action: () => Promise<unknown>): Promise<void> => {
    set({ runError: null });
    try {
      await action();
    } catch (error) {
      set({ runError: errorDetails(error) });
    }
  };
  const onRun = (command: 'pauseRun' | 'resumeRun' | 'stopRun') => async (): Promise<void> => {
    const runId = get().run?.runId;
    if (runId !== undefined) await attempt(() => client.call(command, { runId }));
  };
  return {
    run: null,
    lastLoss: null,
    runError: null,
    async startRun() {
      const { config, configName } = get();
      if (config === null) return;
      await attempt(() =>
        client.call('startRun', { configText: config.text, name: configName, seed: 0 }),
      );
    },
    pauseRun: onRun('pauseRun'),
    resumeRun: onRun('resumeRun'),
    stopRun: onRun('stopRun'),
  };
};

export const selectRun = (state: AppState): RunStatus | null => state.run;
