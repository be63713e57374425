import { type ErrorDetails, errorDetails } from '../../base/errors.ts';
import type { CheckpointInfo, Detections } from '../../worker/protocol.ts';
import type { SliceCreator } from './slice.ts';
import type { AppState } from './store.ts';

/** What to predict on. The file is a handle to what the user dropped; its pixels are not read into the store. */
export type PredictImage =
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'dataset'; readonly index: number };

/** One detection, in original image pixels (xyxy). */
export interface Detection {
  readonly box: readonly [number, number, number, number];
  readonly score: number;
  readonly label: number;
}

export interface Prediction {
  readonly image: PredictImage;
  /** All detections above {@link LOWEST_SCORE}, best first. */
  readonly detections: readonly Detection[];
  readonly classes: readonly string[];
  readonly ms: number;
}

export interface PredictSlice {
  /** The checkpoint that was loaded in this visit, with the report of what fitted; null when none was. */
  readonly checkpoint: CheckpointInfo | null;
  readonly checkpointPhase: 'none' | 'loading' | 'saving';
  readonly checkpointError: ErrorDetails | null;
  /** The image that is predicted on, as soon as it is chosen. */
  readonly predictImage: PredictImage | null;
  readonly prediction: Prediction | null;
  readonly predictPhase: 'none' | 'working';
  readonly predictError: ErrorDetails | null;
  /** Detections with lower scores are not shown. Filtering needs no new inference. */
  readonly scoreThr: number;
  loadCheckpoint(file: File): Promise<void>;
  /** The weights as a file, or null when the engine refused (then `checkpointError` says why). */
  saveCheckpoint(): Promise<File | null>;
  predictOn(image: PredictImage): Promise<void>;
  chooseScoreThr(scoreThr: number): void;
}

/** The engine is asked for everything above this, so that the slider can go down without asking again. */
const LOWEST_SCORE = 0.05;

export const createPredictSlice: SliceCreator<PredictSlice> = ({ set, get, client }) => {
  // Paging fast asks for several images: only the newest answer is shown.
  let asked = 0;
  const predict = async (image: PredictImage): Promise<void> => {
    asked += 1;
    const mine = asked;
    set({ predictImage: image, predictError: null });
    if (!selectHasModel(get())) return;
    set({ predictPhase: 'working' });
    try {
      const reply = await client.call('predict', {
        image:
          image.kind === 'file' ? { kind: 'blob', blob: image.file, name: image.file.name } : image,
        scoreThr: LOWEST_SCORE,
      });
      if (mine !== asked) return;
      const { classes, ms } = reply;
      const prediction = { image, detections: listDetections(reply.detections), classes, ms };
      set({ prediction, predictPhase: 'none' });
    } catch (error) {
      if (mine === asked)
        set({ predictPhase: 'none', predictError: errorDetails(error), prediction: null });
    }
  };
  return {
    checkpoint: null,
    checkpointPhase: 'none',
    checkpointError: null,
    predictImage: null,
    prediction: null,
    predictPhase: 'none',
    predictError: null,
    scoreThr: 0.3,
    async loadCheckpoint(file) {
      set({ checkpointPhase: 'loading', checkpointError: null });
      try {
        const data = await file.arrayBuffer();
        const checkpoint = await client.call('loadCheckpoint', { name: file.name, data });
        set({ checkpoint, checkpointPhase: 'none', prediction: null });
        const { predictImage } = get();
        if (predictImage !== null) await predict(predictImage);
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
    predictOn: predict,
    chooseScoreThr: (scoreThr) => set({ scoreThr }),
  };
};

function listDetections({ boxes, scores, labels }: Detections): Detection[] {
  return Array.from(scores, (score, i) => ({
    box: [
      boxes[i * 4] ?? NaN,
      boxes[i * 4 + 1] ?? NaN,
      boxes[i * 4 + 2] ?? NaN,
      boxes[i * 4 + 3] ?? NaN,
    ],
    score,
    label: labels[i] ?? -1,
  }));
}

/** There is something to predict with: a run has made at least one step, or a checkpoint was loaded. */
export const selectHasModel = (state: AppState): boolean =>
  state.checkpoint !== null || (state.run !== null && state.run.iter > 0);
