import { errorDetails } from '../base/errors.ts';
import type { ErrorDetails } from '../base/errors.ts';
import { hookOptions } from '../config/resolved.ts';
import type { TrainLoop } from '../train/train-loop.ts';
import { METRICS_INTERVAL } from '../train/train-loop.ts';
import type { StepRecord } from '../train/train-loop.ts';
import { logLine, windowMean } from '../train/log-line.ts';
import { tf } from '../tensor/tf.ts';
import type { EventSink } from './event-sink.ts';
import type { RunPhase, RunStatus } from './protocol.ts';
import type { RunPlan } from './run-plan.ts';

/** Steps over which speed and ETA are averaged. */
const SPEED_WINDOW = 20;

/**
 * One run as the interface sees it: phases, status, metric batches and log lines around a {@link TrainLoop}.
 */
export class TrainingRun {
  readonly id: string;
  readonly name: string;
  readonly plan: RunPlan;
  readonly #loop: TrainLoop;
  readonly #emit: EventSink;
  #phase: RunPhase = 'preparing';
  #error: ErrorDetails | undefined;
  #recent: StepRecord[] = [];
  #window: StepRecord[] = [];
  #lastStep: { time: number; iter: number } | undefined;
  #secondsPerIter = 0;
  /** All records, for a run's summary. */
  readonly records: StepRecord[] = [];

  constructor(
    identity: { readonly id: string; readonly name: string },
    plan: RunPlan,
    makeLoop: (hooks: {
      readonly onRecords: (records: readonly StepRecord[]) => void;
      readonly onStep: (iter: number) => void;
    }) => TrainLoop,
    emit: EventSink,
  ) {
    this.id = identity.id;
    this.name = identity.name;
    this.plan = plan;
    this.#emit = emit;
    this.#loop = makeLoop({
      onRecords: (records) => {
        this.#onRecords(records);
      },
      onStep: (iter) => {
        this.#onStep(iter);
      },
    });
  }

  get phase(): RunPhase {
    return this.#phase;
  }

  get iter(): number {
    return this.#loop.iter;
  }

  /** Runs to the end; resolves in phase finished, stopped or failed. Never rejects: a failure is in the status. */
  async run(): Promise<void> {
    this.#enter('preparing', { label: 'first-step', done: 0, total: 1 });
    try {
      const end = await this.#loop.run();
      this.#flushLog();
      this.#enter(end);
    } catch (thrown) {
      this.fail(errorDetails(thrown));
    }
  }

  /** Ends the run with an error (also called when the device is lost). */
  fail(error: ErrorDetails): void {
    if (this.#phase === 'failed') return;
    this.#loop.stop();
    this.#error = error;
    this.#enter('failed');
    this.#emit('log', { level: 'error', line: `${error.what} ${error.why ?? ''}`.trim() });
  }

  async pause(): Promise<number> {
    if (this.#phase !== 'running' && this.#phase !== 'preparing') return this.iter;
    this.#enter('pausing');
    const iter = await this.#loop.pause();
    if (this.#is('pausing')) this.#enter('paused');
    return iter;
  }

  resume(): number {
    if (this.#phase === 'paused') {
      this.#lastStep = undefined;
      this.#enter('running');
      this.#loop.resume();
    }
    return this.iter;
  }

  /** Asks for the end; {@link run} resolves after the step under way. */
  stop(): number {
    if (['preparing', 'running', 'pausing', 'paused'].includes(this.#phase)) {
      this.#enter('stopping');
      this.#loop.stop();
    }
    return this.iter;
  }

  /** Re-reads the phase, which an await may have changed. */
  #is(phase: RunPhase): boolean {
    return this.#phase === phase;
  }

  status(progress?: RunStatus['progress']): RunStatus {
    const { maxIters, itersPerEpoch, maxEpochs, batchSize } = this.plan;
    const mean = windowMean(this.#recent);
    const seconds = this.#secondsPerIter;
    return {
      runId: this.id,
      name: this.name,
      phase: this.#phase,
      iter: this.iter,
      maxIters,
      epoch: itersPerEpoch === 0 ? 0 : Math.floor(this.iter / itersPerEpoch),
      maxEpochs,
      etaSeconds: seconds === 0 ? -1 : seconds * (maxIters - this.iter),
      imagesPerSecond: seconds === 0 ? 0 : batchSize / seconds,
      timeMs: seconds * 1000,
      dataTimeMs: (mean?.dataTime ?? 0) * 1000,
      gpuBytes: gpuBytes(),
      ...(progress === undefined ? {} : { progress }),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  #enter(phase: RunPhase, progress?: RunStatus['progress']): void {
    this.#phase = phase;
    this.#emit('run', this.status(progress));
  }

  #onStep(iter: number): void {
    const now = performance.now();
    if (this.#lastStep !== undefined) {
      const seconds = (now - this.#lastStep.time) / 1000 / (iter - this.#lastStep.iter);
      const weight = this.#secondsPerIter === 0 ? 1 : 1 / Math.min(SPEED_WINDOW, iter);
      this.#secondsPerIter += weight * (seconds - this.#secondsPerIter);
    }
    this.#lastStep = { time: now, iter };
    if (this.#phase === 'preparing') this.#phase = 'running';
    this.#emit('run', this.status());
  }

  #onRecords(records: readonly StepRecord[]): void {
    this.records.push(...records);
    this.#recent = [...this.#recent, ...records].slice(-SPEED_WINDOW);
    const { keys, values } = metricColumns(records);
    this.#emit('metrics', {
      runId: this.id,
      keys,
      iters: Int32Array.from(records, ({ iter }) => iter),
      values,
    });
    const interval = Math.max(hookOptions(this.plan.config).logInterval, METRICS_INTERVAL);
    for (const record of records) {
      this.#window.push(record);
      if (record.iter % interval === 0) this.#flushLog();
    }
  }

  #flushLog(): void {
    const mean = windowMean(this.#window);
    this.#window = [];
    if (mean === undefined) return;
    const { maxIters, itersPerEpoch, byEpoch } = this.plan;
    const line = logLine(mean, {
      maxIters,
      itersPerEpoch: byEpoch ? itersPerEpoch : undefined,
      etaSeconds: mean.time * (maxIters - mean.iter),
      memoryMb: gpuBytes() / 2 ** 20,
    });
    this.#emit('log', { level: 'info', line });
  }
}

/** Records as rows under MMEngine's keys. */
function metricColumns(records: readonly StepRecord[]): {
  readonly keys: readonly string[];
  readonly values: Float64Array<ArrayBuffer>;
} {
  const parts = Object.keys(records[0]?.parts ?? {});
  return {
    keys: ['loss', ...parts, 'grad_norm', 'lr', 'time', 'data_time'],
    values: Float64Array.from(
      records.flatMap((record) => [
        record.loss,
        ...parts.map((key) => record.parts[key] ?? Number.NaN),
        record.gradNorm,
        record.lr,
        record.time,
        record.dataTime,
      ]),
    ),
  };
}

/** Bytes that the backend has allocated on the GPU. */
function gpuBytes(): number {
  const memory = tf.memory();
  return 'numBytesAllocatedInGPU' in memory && typeof memory.numBytesAllocatedInGPU === 'number'
    ? memory.numBytesAllocatedInGPU
    : memory.numBytes;
}
