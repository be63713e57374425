import type { EngineClient, RunStatus } from '../../worker/protocol.ts';
import { LogBook } from './log-book.ts';
import { PreviewBook } from './preview-book.ts';
import { RunSeries } from './run-series.ts';

/** What a run of this visit left behind. */
export interface RunRecord {
  readonly runId: string;
  readonly series: RunSeries;
  readonly previews: PreviewBook;
  /** The last status the engine sent for it. */
  readonly status: RunStatus | null;
  /** What was prepared before the first step, in order, each with its last count. */
  readonly steps: readonly PreparingStep[];
}

export type PreparingStep = NonNullable<RunStatus['progress']>;

const MS_PER_TELLING = 100;

/**
 * Metrics, previews and log of the runs of this visit, outside the store because they are large and grow fast. Listens
 * from the start, so that nothing is lost while another place is open.
 */
export class RunHistory {
  readonly log = new LogBook();
  readonly #listeners = new Set<() => void>();
  #runs: readonly RunRecord[] = [];
  #version = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(client: EngineClient) {
    client.on('run', (status) => {
      this.#change(status.runId, (record) => ({
        ...record,
        status,
        steps: withStep(record.steps, status.progress),
      }));
    });
    client.on('metrics', (batch) => {
      this.#change(batch.runId, (record) => {
        record.series.append(batch);
        return record;
      });
    });
    client.on('preview', (preview) => {
      this.#change(preview.runId, (record) => {
        record.previews.add(preview);
        return record;
      });
    });
    client.on('log', ({ level, line }) => {
      this.log.append(level, line);
      this.#changed();
    });
  }

  /** Grows with every event. */
  get version(): number {
    return this.#version;
  }
  /** The runs, oldest first; another array when a run joins or its status changes. */
  get runs(): readonly RunRecord[] {
    return this.#runs;
  }

  find(runId: string | undefined): RunRecord | undefined {
    return this.#runs.find((record) => record.runId === runId);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  #change(runId: string, edit: (record: RunRecord) => RunRecord): void {
    const known = this.find(runId);
    const before = known ?? {
      runId,
      series: new RunSeries(runId),
      previews: new PreviewBook(),
      status: null,
      steps: [],
    };
    const after = edit(before);
    if (known === undefined) this.#runs = [...this.#runs, after];
    else if (after !== known) {
      this.#runs = this.#runs.map((record) => (record === known ? after : record));
    }
    this.#changed();
  }

  /** Listeners are told at once after a rest, and at most ten times a second: a step sends half a dozen events. */
  #changed(): void {
    this.#version += 1;
    if (this.#timer !== undefined) return;
    this.#tell();
  }

  #tell(): void {
    const told = this.#version;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#version !== told) this.#tell();
    }, MS_PER_TELLING);
    for (const listener of this.#listeners) listener();
  }
}

function withStep(
  steps: readonly PreparingStep[],
  progress: RunStatus['progress'],
): readonly PreparingStep[] {
  if (progress === undefined) return steps;
  const at = steps.findIndex(({ label }) => label === progress.label);
  return at < 0 ? [...steps, progress] : steps.map((step, i) => (i === at ? progress : step));
}
