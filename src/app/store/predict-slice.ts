import { type ErrorDetails, errorDetails } from '../../base/errors.ts';
import type { CheckpointInfo } from '../../worker/protocol.ts';
import type { SliceCreator } from './slice.ts';
import type { AppState } from './store.ts';

export interface PredictSlice {
  /** The checkpoint that was loaded in this visit, with the report of what fitted; null when none was. */
  readonly checkpoint: CheckpointInfo | null;
  readonly checkpointPhase: 'none' | 'loading' | 'saving';
  readonly checkpointError: ErrorDetails | null;
  /** Boxes with lower scores are not shown. Filtering needs no new inference. */
  readonly scoreThr: number;
  loadCheckpoint(file: File): Promise<void>;
  /** The weights as a file, or null when the engine refused (then `checkpointError` says why). */
  saveCheckpoint(): Promise<File | null>;
  chooseScoreThr(scoreThr: number): void;
}

export const createPredictSlice: SliceCreator<PredictSlice> = ({ set, client }) => ({
  checkpoint: null,
  checkpointPhase: 'none',
  checkpointError: null,
  scoreThr: 0.3,
  async loadCheckpoint(file) {
    set({ checkpointPhase: 'loading', checkpointError: null });
    try {
      const data = await file.arrayBuffer();
      const checkpoint = await client.call('loadCheckpoint', { name: file.name, data });
      set({ checkpoint, checkpointPhase: 'none' });
    } catch (error) {
      set({ checkpointPhase: 'none', checkpointError: errorDetails(error) });
    }
  },
  async saveCheckpoint() {
    set({ checkpointPhase: 'saving', checkpointError: null });
    try {
      const { fileName, data } = await client.call('saveCheckpoint', {});
      set({ checkpointPhase: 'none' });
      return new File([data], fileName, { type: 'application/octet-stream' });
    } catch (error) {
      set({ checkpointPhase: 'none', checkpointError: errorDetails(error) });
      return null;
    }
  },
  chooseScoreThr: (scoreThr) => set({ scoreThr }),
});

/** There is something to predict with: a run has made at least one step, or a checkpoint was loaded. */
export const selectHasModel = (state: AppState): boolean =>
  state.checkpoint !== null || (state.run !== null && state.run.iter > 0);
