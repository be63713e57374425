/** The work of `train`. Imported after the GPU's globals are in place, because it brings TensorFlow.js along. */
import { resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { readModelCheckpoint } from '../checkpoint/model-checkpoint.ts';
import { hookOptions } from '../config/resolved.ts';
import { METRICS_INTERVAL } from '../train/train-loop.ts';
import type { EventSink } from '../worker/event-sink.ts';
import type { RunPlan } from '../worker/run-plan.ts';
import type { EngineSession } from '../worker/session.ts';
import { Interrupted } from './command.ts';
import type { Answer, Terminal } from './command.ts';
import { requireGpu } from './engine.ts';
import { classLine, openRunData } from './run-data.ts';
import { RunFolder } from './run-folder.ts';
import { RunJournal } from './run-journal.ts';
import { onStopSignal } from './stop-signals.ts';
import { readConfig, requireTree, sayWarnings } from './usable-config.ts';

export interface TrainRequest {
  readonly config: string;
  readonly workDir: string;
  readonly data: string | undefined;
  readonly maxIters: number | undefined;
  readonly seed: number;
  readonly overrides: readonly string[];
}

/** Trains as `request` says. `route` sends the session's events to whom it is given. */
export async function trainRun(
  session: EngineSession,
  request: TrainRequest,
  route: (sink: EventSink) => void,
  terminal: Terminal,
): Promise<Answer> {
  const plan = await makePlan(session, request, terminal);
  await requireGpu(session, terminal);
  const folder = new RunFolder(resolve(terminal.cwd, request.workDir), new Date());
  folder.writeConfig(plan.configText);
  const keeper = new CheckpointKeeper(session, folder, plan);
  const journal = new RunJournal({
    folder,
    plan,
    metricsInterval: METRICS_INTERVAL,
    say: terminal.say,
    now: () => new Date(),
    onIter: (iter) => {
      keeper.onIter(iter);
    },
  });
  route(journal.sink);
  const signals = onStopSignal(() => {
    journal.write('warning', 'Stopping after this step; the weights are then saved.');
    session.run?.run.stop();
  });
  try {
    journal.write('info', `${request.config}: ${plan.maxIters} iterations into ${folder.workDir}`);
    await session.start(plan, request.config);
    await session.run?.ended;
    await keeper.settled;
    journal.close();
    return await conclude(session, journal, keeper, signals.stopped);
  } finally {
    signals.release();
  }
}

async function makePlan(
  session: EngineSession,
  { config, data: path, maxIters, seed, overrides }: TrainRequest,
  terminal: Terminal,
): Promise<RunPlan> {
  const root = requireTree(readConfig(config, overrides, terminal), terminal);
  const loaders = ['train_dataloader'];
  const { data, overrides: classes } = await openRunData(
    session,
    { root, path, loaders },
    terminal,
  );
  session.useData(data);
  const checked = session.checkConfig(config, [...overrides, ...classes]);
  sayWarnings(checked.problems, terminal.say);
  const plan = session.plan(checked, seed, maxIters);
  terminal.say(classLine(plan));
  return plan;
}

/** Saves checkpoints at the config's interval and at the end. */
class CheckpointKeeper {
  readonly #session: EngineSession;
  readonly #folder: RunFolder;
  readonly #maxIters: number;
  readonly #every: number;
  readonly #keep: number;
  #lastIter = 0;
  #saving: Promise<void> = Promise.resolve();
  #failure: unknown;
  /** The newest file; undefined before the first. */
  path: string | undefined;

  constructor(session: EngineSession, folder: RunFolder, plan: RunPlan) {
    const hooks = hookOptions(plan.config);
    this.#session = session;
    this.#folder = folder;
    this.#maxIters = plan.maxIters;
    this.#every = hooks.checkpointInterval * (hooks.checkpointByEpoch ? plan.itersPerEpoch : 1);
    this.#keep = hooks.maxKeepCheckpoints;
  }

  /** Saves when an interval is full. The run stands still meanwhile, so that all weights are of one step. */
  onIter(iter: number): void {
    if (this.#every <= 0 || iter % this.#every !== 0) return;
    if (iter === this.#lastIter || iter >= this.#maxIters) return;
    this.#lastIter = iter;
    this.#saving = this.#saveStanding();
  }

  /** Resolves when no save is under way; rejects when one failed. */
  get settled(): Promise<void> {
    return this.#saving.then(() => {
      if (this.#failure !== undefined) throw this.#failure;
    });
  }

  async #saveStanding(): Promise<void> {
    const run = this.#session.run?.run;
    await run?.pause();
    try {
      await this.save();
      run?.resume();
    } catch (error) {
      // Training on without being able to save would lose everything in the end.
      this.#failure = error;
      run?.stop();
    }
  }

  /** Saves the present weights; refuses weights that are not numbers. */
  async save(): Promise<string> {
    const { data } = await this.#session.save();
    const { iter } = this.#session.model;
    const bad = readModelCheckpoint(data, 'the model').arrays.find(
      (array) => array.data instanceof Float32Array && !array.data.every(Number.isFinite),
    );
    if (bad !== undefined) {
      throw new UserError({
        code: 'weights-not-finite',
        what: `The weights were not saved: ${bad.name} holds values that are no numbers.`,
        action: 'Go on from the last checkpoint, with a lower learning rate.',
      });
    }
    this.path = this.#folder.saveCheckpoint(iter, data, this.#keep);
    return this.path;
  }
}

/** Saves what a run has come to and answers; throws when it failed or was stopped. */
async function conclude(
  session: EngineSession,
  journal: RunJournal,
  keeper: CheckpointKeeper,
  interrupted: boolean,
): Promise<Answer> {
  const { status } = journal;
  if (status?.phase === 'failed') {
    await keeper.save().then(
      (path) => journal.write('info', `The last good weights are in ${path}`),
      (error: unknown) => journal.write('error', `Nothing could be saved: ${String(error)}`),
    );
    throw new UserError(status.error ?? { code: 'run-failed', what: 'The run failed.' });
  }
  const run = session.run?.run;
  const iterations = run?.iter ?? 0;
  if (interrupted && iterations === 0) throw new Interrupted('Stopped before the first step.');
  const checkpoint = await keeper.save();
  if (interrupted) {
    throw new Interrupted(`Stopped at iteration ${iterations}; the weights are in ${checkpoint}`);
  }
  const last = run?.records.at(-1);
  if (last === undefined) throw new Error('a run without a step');
  const { loss, lossCls, lossBbox, gradNorm, lr } = last;
  journal.write('info', `Saved ${checkpoint}`);
  return {
    json: {
      iterations,
      last: { loss, loss_cls: lossCls, loss_bbox: lossBbox, grad_norm: gradNorm, lr },
      checkpoint,
    },
    text: `${iterations} iterations, loss ${loss.toFixed(4)}, checkpoint ${checkpoint}`,
  };
}
