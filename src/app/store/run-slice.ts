import { type ErrorDetails, errorDetails } from '../../base/errors.ts';
import type { RunPhase, RunStatus } from '../../worker/protocol.ts';
import type { XKind } from '../series/run-series.ts';
import { selectConfigErrorCount } from './config-slice.ts';
import { defaultPreset } from './follow-dataset.ts';
import type { SliceCreator } from './slice.ts';
import type { AppState } from './store.ts';

/** How the curves are drawn; shared by all charts, but for the log axis. */
export interface CurveSettings {
  /** 0 … 0.999 */
  readonly smoothing: number;
  readonly x: XKind;
  /** Metrics drawn on a log axis. */
  readonly log: readonly string[];
}

export interface RunSlice {
  /** The last status the engine sent; null before the first run of this visit. */
  readonly run: RunStatus | null;
  /** When that status came, in milliseconds of the clock: what its ETA counts from. */
  readonly runAt: number;
  /** The newest total loss of that run; null before the first logged iteration. The run bar shows it. */
  readonly lastLoss: number | null;
  /** Why the last start, pause, resume or stop was refused. */
  readonly runError: ErrorDetails | null;
  readonly curves: CurveSettings;
  /** The run whose line was chosen; null = the newest. */
  readonly chosenRun: string | null;
  /** Images that are re-predicted while training, at most {@link MAX_PINNED}; indices into the dataset. */
  readonly pinned: readonly number[];
  /** The iteration whose previews are shown; null = the newest. */
  readonly previewIter: number | null;
  /** Starts a run of the present config on the open dataset. */
  startRun(): Promise<void>;
  pauseRun(): Promise<void>;
  resumeRun(): Promise<void>;
  stopRun(): Promise<void>;
  dismissRunError(): void;
  setCurves(change: Partial<CurveSettings>): void;
  chooseRun(runId: string | null): void;
  pinImages(indices: readonly number[]): Promise<void>;
  /** Pins the first images of a split whose files are there. */
  pinFirst(split: string): Promise<void>;
  showPreviewAt(iter: number | null): void;
}

export const MAX_PINNED = 4;

export const createRunSlice: SliceCreator<RunSlice> = ({ set, get, client }) => {
  client.on('run', (run) => set({ run, runAt: Date.now() }));
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
    runAt: 0,
    lastLoss: null,
    runError: null,
    curves: { smoothing: 0.6, x: 'iter', log: [] },
    chosenRun: null,
    pinned: [],
    previewIter: null,
    async startRun() {
      // What was typed a moment ago belongs to the run, and may have an error.
      if (get().configPhase === 'checking') await get().checkConfig();
      const { config, configName, presets } = get();
      if (config === null) {
        const preset = defaultPreset(presets);
        if (preset === undefined) {
          set({ runError: NO_CONFIG });
          return;
        }
        await get().loadPreset(preset.name);
        if (get().config === null) {
          set({ runError: get().configError ?? NO_CONFIG });
          return;
        }
        return get().startRun();
      }
      if (selectConfigErrorCount(get()) > 0) {
        set({ runError: CONFIG_ERRORS });
        return;
      }
      set({ lastLoss: null, chosenRun: null, previewIter: null });
      await attempt(() =>
        client.call('startRun', { configText: config.text, name: configName, seed: 0 }),
      );
    },
    pauseRun: onRun('pauseRun'),
    resumeRun: onRun('resumeRun'),
    stopRun: onRun('stopRun'),
    dismissRunError: () => set({ runError: null }),
    setCurves: (change) => set(({ curves }) => ({ curves: { ...curves, ...change } })),
    chooseRun: (chosenRun) => set({ chosenRun }),
    async pinImages(indices) {
      const wanted = indices.slice(0, MAX_PINNED);
      await attempt(async () => {
        const reply = await client.call('setPinned', { indices: wanted });
        set({ pinned: reply.indices });
      });
    },
    async pinFirst(split) {
      const { dataset, pinImages } = get();
      await attempt(async () => {
        // Missing files cannot be predicted on, so a few more are looked at than are wanted.
        const request = { split, offset: 0, count: MAX_PINNED * 4 };
        const { images } = await client.call('listImages', request);
        if (get().dataset !== dataset) return;
        const there = images.filter(({ missing }) => !missing);
        await pinImages(there.map(({ index }) => index));
      });
    },
    showPreviewAt: (previewIter) => set({ previewIter }),
  };
};

const NO_CONFIG: ErrorDetails = {
  code: 'run-no-config',
  what: 'There is no config to train with.',
  action: 'Choose a preset in Config.',
};

const CONFIG_ERRORS: ErrorDetails = {
  code: 'run-config-errors',
  what: 'The config has errors, so the run was not started.',
  action: 'Open Config; the errors are listed there with their lines.',
};

export const selectRun = (state: AppState): RunStatus | null => state.run;

const ACTIVE: readonly RunPhase[] = ['preparing', 'running', 'pausing', 'paused', 'stopping'];

/** A run is under way: it may still change. */
export const selectIsActive = (state: AppState): boolean =>
  ACTIVE.includes(state.run?.phase ?? 'idle');
