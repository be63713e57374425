/** The work of `train`. Imported after the GPU's globals are in place, because it brings TensorFlow.js along. */
import { resolve } from 'node:path';
import { errorDetails, formatError, UserError } from '../base/errors.ts';
import { METRICS_INTERVAL } from '../train/train-loop.ts';
import type { EventSink } from '../worker/event-sink.ts';
import type { RunPlan } from '../worker/run-plan.ts';
import type { EngineSession } from '../worker/session.ts';
import { CheckpointKeeper } from './checkpoint-keeper.ts';
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
    // A signal may have come while the model was made.
    if (signals.stopped) session.run?.run.stop();
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

/** Saves what a run has come to and answers; throws when it failed or was stopped. */
async function conclude(
  session: EngineSession,
  journal: RunJournal,
  keeper: CheckpointKeeper,
  interrupted: boolean,
): Promise<Answer> {
  const { status } = journal;
  if (status?.phase === 'failed') {
    await saveLastGood(journal, keeper, status.error?.code ?? '');
    throw new UserError(status.error ?? { code: 'run-failed', what: 'The run failed.' });
  }
  keeper.throwFailure();
  const run = session.run?.run;
  const iterations = run?.iter ?? 0;
  if (interrupted && iterations === 0) throw new Interrupted('Stopped before the first step.');
  const checkpoint = await keeper.save();
  if (interrupted) {
    throw new Interrupted(`Stopped at iteration ${iterations}; the weights are in ${checkpoint}`);
  }
  const last = run?.records.at(-1);
  if (last === undefined) throw new Error('a run without a step');
  const { loss, parts, gradNorm, lr } = last;
  journal.write('info', `Saved ${checkpoint}`);
  return {
    json: {
      iterations,
      last: { loss, ...parts, grad_norm: gradNorm, lr },
      checkpoint,
    },
    text: `${iterations} iterations, loss ${loss.toFixed(4)}, checkpoint ${checkpoint}`,
  };
}

/** Errors after which nothing on the GPU can be trusted any more. */
const DEVICE_ERRORS: readonly string[] = ['device-lost', 'gpu-error'];

/** Saves the weights of a run that failed, where they are still good. */
async function saveLastGood(
  journal: RunJournal,
  keeper: CheckpointKeeper,
  code: string,
): Promise<void> {
  if (DEVICE_ERRORS.includes(code)) return;
  try {
    journal.write('info', `The last good weights are in ${await keeper.save()}`);
  } catch (error) {
    journal.write('error', formatError(errorDetails(error)));
  }
}
