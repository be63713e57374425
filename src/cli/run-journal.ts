import { hookOptions } from '../config/resolved.ts';
import type { Problem } from '../data/dataset.ts';
import { windowMean } from '../train/log-line.ts';
import type { StepRecord } from '../train/train-loop.ts';
import type { EventSink } from '../worker/event-sink.ts';
import type { MetricsBatch, RunStatus } from '../worker/protocol.ts';
import type { RunPlan } from '../worker/run-plan.ts';
import { sinkOf } from './event-listeners.ts';
import { problemLines } from './problem-summary.ts';
import { mmengineLine } from './run-folder.ts';
import type { RunFolder } from './run-folder.ts';

export interface JournalOptions {
  readonly folder: RunFolder;
  readonly plan: Pick<RunPlan, 'config' | 'byEpoch' | 'itersPerEpoch'>;
  /** Steps between two reads of the metrics: no shorter interval can be logged. */
  readonly metricsInterval: number;
  readonly say: (line: string) => void;
  readonly now: () => Date;
  /** Between two steps, with the iterations done. */
  readonly onIter: (iter: number) => void;
}

/** Writes a run's events down as MMEngine does: lines for people, a JSON line per logged window. */
export class RunJournal {
  readonly #options: JournalOptions;
  readonly #interval: number;
  readonly #problems: Problem[] = [];
  #window: StepRecord[] = [];
  #status: RunStatus | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#interval = Math.max(
      hookOptions(options.plan.config).logInterval,
      options.metricsInterval,
    );
  }

  /** The newest status; undefined before the run has begun. */
  get status(): RunStatus | undefined {
    return this.#status;
  }

  /** Where the session's events go. */
  readonly sink: EventSink = sinkOf({
    run: (status) => {
      this.#status = status;
      if (status.phase === 'running') this.#options.onIter(status.iter);
    },
    metrics: (batch) => {
      this.#onMetrics(batch);
    },
    log: ({ level, line }) => {
      this.write(level, line);
    },
    problem: (problem) => {
      this.#problems.push(problem);
    },
  });

  /** One line on stderr and in the log file. */
  write(level: 'info' | 'warning' | 'error', line: string): void {
    const whole = mmengineLine(this.#options.now(), level, line);
    this.#options.say(whole);
    this.#options.folder.log(whole);
  }

  /** Ends the journal: the rest of the window, and what turned up about the data on the way, by kind. */
  close(): void {
    this.#flush();
    for (const line of problemLines(this.#problems)) this.write('warning', line);
    this.#problems.length = 0;
  }

  #onMetrics({ keys, iters, values }: MetricsBatch): void {
    for (const [row, iter] of iters.entries()) {
      const at = (key: string): number => {
        const column = keys.indexOf(key);
        return column < 0 ? Number.NaN : (values[row * keys.length + column] ?? Number.NaN);
      };
      this.#window.push({
        iter,
        loss: at('loss'),
        parts: Object.fromEntries(keys.filter(isPart).map((key) => [key, at(key)])),
        gradNorm: at('grad_norm'),
        lr: at('lr'),
        time: at('time'),
        dataTime: at('data_time'),
      });
      if (iter % this.#interval === 0) this.#flush();
    }
  }

  #flush(): void {
    const mean = windowMean(this.#window);
    this.#window = [];
    if (mean === undefined) return;
    const { folder, plan } = this.#options;
    const epoch = plan.byEpoch ? { epoch: Math.ceil(mean.iter / plan.itersPerEpoch) } : {};
    folder.scalars({
      lr: mean.lr,
      data_time: mean.dataTime,
      grad_norm: mean.gradNorm,
      loss: mean.loss,
      ...mean.parts,
      time: mean.time,
      ...epoch,
      iter: mean.iter,
      memory: Math.round((this.#status?.gpuBytes ?? 0) / 2 ** 20),
      step: mean.iter,
    });
  }
}

/** Columns of every detector; the others are its own losses and accuracies. */
const COMMON_KEYS: ReadonlySet<string> = new Set(['loss', 'grad_norm', 'lr', 'time', 'data_time']);

function isPart(key: string): boolean {
  return !COMMON_KEYS.has(key);
}
