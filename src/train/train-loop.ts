import { UserError } from '../base/errors.ts';
import type { Batch } from '../data/loader/batch.ts';
import type { Detector } from '../models/detectors/detector.ts';
import { MetricsRing } from '../ops/metrics-ring/metrics-ring.ts';
import { activeBackend } from '../tensor/backend.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import { trainStep } from './train-step.ts';
import { uploadBatch } from './upload-batch.ts';

/** Steps between two reads of the metrics. */
export const METRICS_INTERVAL = 10;

/** Steps that may be recorded but not yet finished by the GPU: enough to overlap, few enough to pause quickly. */
const MAX_IN_FLIGHT = 2;

/** One finished step, read back late. Times in seconds, as MMEngine logs them. */
export interface StepRecord {
  /** 1-based. */
  readonly iter: number;
  readonly loss: number;
  /** The detector's logged values (losses, accuracy) by MMDetection's key, in its order. */
  readonly parts: Readonly<Record<string, number>>;
  readonly gradNorm: number;
  readonly lr: number;
  readonly time: number;
  readonly dataTime: number;
}

export interface TrainLoopOptions {
  readonly model: Detector;
  readonly optimizer: Optimizer;
  /** Next batch; waiting for it counts as data time. */
  readonly nextBatch: () => Promise<Batch>;
  /** What the user calls an image, by dataset index. */
  readonly nameOf: (imageIndex: number) => string;
  /** Learning rate of the 0-based iteration. */
  readonly lrAt: (iter: number) => number;
  readonly maxIters: number;
  /** What random samplers draw from, together with the iteration. */
  readonly seed: number;
  /** Records of the last steps, in order; called once per {@link METRICS_INTERVAL} steps, at a pause and at the end. */
  readonly onRecords: (records: readonly StepRecord[]) => void;
  /** After each update: records GPU work that belongs to it (averages). The iteration is 1-based. */
  readonly afterUpdate?: (iter: number) => void;
  /** After each step was recorded (not finished). */
  readonly onStep: (iter: number) => void;
  /** Between two steps: previews, checkpoints. May read; the next step waits for it. */
  readonly betweenSteps?: (iter: number) => Promise<void>;
}

interface PendingStep {
  readonly iter: number;
  readonly lr: number;
  readonly dataTime: number;
  time: number;
  /** Dataset indices of the batch. */
  readonly images: readonly number[];
}

/**
 * The training loop: records steps, keeps at most two in flight, reads metrics late, and obeys pause, resume and stop
 * between two steps. It owns no timers and no frames, so it runs on in a hidden tab.
 */
export class TrainLoop {
  readonly #options: TrainLoopOptions;
  readonly #ring: MetricsRing;
  #iter = 0;
  #pending: PendingStep[] = [];
  #reading: Promise<void> = Promise.resolve();
  #paused: { readonly reached: () => void; readonly resumed: Promise<void> } | undefined;
  #resume: (() => void) | undefined;
  #stopped = false;
  #failure: Error | undefined;

  constructor(options: TrainLoopOptions) {
    this.#options = options;
    // loss, the parts, grad_norm
    this.#ring = new MetricsRing(METRICS_INTERVAL, options.model.logKeys.length + 2);
  }

  /** Iterations done (recorded and not skipped). */
  get iter(): number {
    return this.#iter;
  }

  /** Runs to `maxIters` or until {@link stop}. Rejects when a loss is not finite or the data fails. */
  async run(): Promise<'finished' | 'stopped'> {
    const inFlight: Promise<undefined>[] = [];
    try {
      while (this.#iter < this.#options.maxIters && !this.#stopped) {
        await this.#obeyPause(inFlight);
        if (this.#stopped) break;
        await this.#oneStep(inFlight);
        this.#throwFailure();
        await this.#options.betweenSteps?.(this.#iter);
      }
      await Promise.all(inFlight);
      this.#takeMetrics();
      await this.#reading;
      this.#throwFailure();
      return this.#stopped ? 'stopped' : 'finished';
    } finally {
      // A pause that came too late is answered all the same.
      this.#paused?.reached();
      this.#ring.dispose();
    }
  }

  async #oneStep(inFlight: Promise<undefined>[]): Promise<void> {
    const { model, optimizer, nextBatch, lrAt, onStep, seed } = this.#options;
    const start = performance.now();
    const batch = await nextBatch();
    const dataTime = (performance.now() - start) / 1000;
    const lr = lrAt(this.#iter);
    trainStep(
      model,
      optimizer,
      () => uploadBatch(batch, seed, this.#iter),
      lr,
      ({ loss, parts, gradNorm }) => {
        this.#ring.push([loss, ...parts, gradNorm]);
      },
    );
    this.#iter += 1;
    this.#options.afterUpdate?.(this.#iter);
    const step: PendingStep = {
      iter: this.#iter,
      lr,
      dataTime,
      time: 0,
      images: batch.metas.map(({ imageIndex }) => imageIndex),
    };
    this.#pending.push(step);
    inFlight.push(activeBackend().device.queue.onSubmittedWorkDone());
    if (inFlight.length >= MAX_IN_FLIGHT) await inFlight.shift();
    step.time = (performance.now() - start) / 1000;
    if (this.#ring.full) this.#takeMetrics();
    onStep(this.#iter);
  }

  /** Starts the asynchronous read of the ring; results are delivered in order. */
  #takeMetrics(): void {
    const steps = this.#pending;
    if (steps.length === 0) return;
    this.#pending = [];
    const rows = this.#ring.take();
    this.#reading = Promise.all([rows, this.#reading]).then(
      ([values]) => {
        this.#deliver(steps, values);
      },
      (error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      },
    );
  }

  #deliver(steps: readonly PendingStep[], values: Float32Array): void {
    const { logKeys } = this.#options.model;
    const { columns } = this.#ring;
    const records = steps.map(({ iter, lr, dataTime, time }, row): StepRecord => {
      const at = (column: number): number => values[row * columns + column] ?? Number.NaN;
      const parts = Object.fromEntries(logKeys.map((key, i) => [key, at(i + 1)]));
      return { iter, lr, dataTime, time, loss: at(0), parts, gradNorm: at(columns - 1) };
    });
    this.#options.onRecords(records);
    const bad = records.findIndex(
      ({ loss, gradNorm }) => !Number.isFinite(loss) || !Number.isFinite(gradNorm),
    );
    const record = records[bad];
    if (record !== undefined)
      this.#failure ??= notFinite(record, (steps[bad]?.images ?? []).map(this.#options.nameOf));
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves with the iteration at which the loop stands still: after the step under way. */
  async pause(): Promise<number> {
    if (this.#paused === undefined) {
      let reached = (): void => {};
      const standing = new Promise<void>((resolve) => {
        reached = resolve;
      });
      const resumed = new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
      this.#paused = { reached, resumed };
      await standing;
    }
    return this.#iter;
  }

  resume(): void {
    this.#paused = undefined;
    this.#resume?.();
  }

  /** Ends the loop after the step under way. */
  stop(): void {
    this.#stopped = true;
    this.resume();
  }

  async #obeyPause(inFlight: Promise<undefined>[]): Promise<void> {
    const paused = this.#paused;
    if (paused === undefined) return;
    await Promise.all(inFlight.splice(0));
    this.#takeMetrics();
    await this.#reading;
    paused.reached();
    await paused.resumed;
  }
}

function notFinite(record: StepRecord, files: readonly string[]): UserError {
  const parts = Object.entries(record.parts).map(([key, value]) => `${key} ${value}`);
  return new UserError({
    code: 'loss-not-finite',
    what: `The loss is not finite at iteration ${record.iter}: ${parts.join(', ')}, grad_norm ${record.gradNorm}.`,
    why: 'The learning rate is too high, or a label is broken. The update of that step was skipped, so the weights are the last good ones.',
    action: `Lower the learning rate, lengthen the warm-up, or clip gradients (optim_wrapper.clip_grad.max_norm), and look at the images of that step: ${files.join(', ')}.`,
    params: { iter: record.iter, files: files.join(', ') },
  });
}
