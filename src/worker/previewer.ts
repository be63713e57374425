import type { OpenData } from './data-session.ts';
import type { EventSink } from './event-sink.ts';
import type { LoadedModel } from './loaded-model.ts';
import { predictDatasetImage } from './predictor.ts';
import type { RunPlan } from './run-plan.ts';

/** Images that can be pinned. */
const MAX_PINNED = 4;

/** Share of a run between two previews of the same image, and the least number of steps. */
const PREVIEWS_PER_RUN = 20;
const MIN_STEPS = 10;

/** Boxes below this score are not worth showing while training. */
const SCORE_THR = 0.1;

/**
 * Re-predicts the pinned images while a run goes on: one image between two steps, so that no step waits for more than one
 * forward pass.
 */
export class Previewer {
  readonly #emit: EventSink;
  #pinned: readonly number[] = [];
  #due: number[] = [];
  #lastRound = 0;

  constructor(emit: EventSink) {
    this.#emit = emit;
  }

  /** Sets the pinned images, at most four; they are shown at the next opportunity. */
  pin(indices: readonly number[]): readonly number[] {
    this.#pinned = [...new Set(indices)].slice(0, MAX_PINNED);
    this.#due = [...this.#pinned];
    return this.#pinned;
  }

  /** Called between two steps. */
  async afterStep(
    runId: string,
    iter: number,
    plan: RunPlan,
    loaded: LoadedModel,
    data: OpenData,
  ): Promise<void> {
    const interval = Math.max(MIN_STEPS, Math.floor(plan.maxIters / PREVIEWS_PER_RUN));
    if (iter < this.#lastRound) this.#lastRound = 0;
    if (iter - this.#lastRound >= interval || iter === plan.maxIters) {
      this.#lastRound = iter;
      this.#due = [...this.#pinned];
    }
    // The last step has no successor, so what is still due is shown at once.
    const now = iter === plan.maxIters ? this.#due.splice(0) : this.#due.splice(0, 1);
    for (const imageIndex of now) {
      const detections = await predictDatasetImage(loaded, data, imageIndex, SCORE_THR);
      this.#emit('preview', { runId, iter, imageIndex, detections });
    }
  }
}
