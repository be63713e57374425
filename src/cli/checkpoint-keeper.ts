import { UserError } from '../base/errors.ts';
import { readModelCheckpoint } from '../checkpoint/model-checkpoint.ts';
import { hookOptions } from '../config/resolved.ts';
import type { RunPlan } from '../worker/run-plan.ts';
import type { EngineSession } from '../worker/session.ts';
import type { RunFolder } from './run-folder.ts';

/** Saves checkpoints at the config's interval and at the end. */
export class CheckpointKeeper {
  readonly #session: EngineSession;
  readonly #folder: RunFolder;
  readonly #maxIters: number;
  readonly #every: number;
  readonly #keep: number;
  #lastIter = 0;
  #saving: Promise<void> = Promise.resolve();
  #failure: Error | undefined;

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

  /** Resolves when no save is under way. Never rejects: see {@link throwFailure}. */
  get settled(): Promise<void> {
    return this.#saving;
  }

  /** Throws what made a save fail, if one did. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #saveStanding(): Promise<void> {
    const run = this.#session.run?.run;
    await run?.pause();
    try {
      await this.save();
      run?.resume();
    } catch (error) {
      // Training on without being able to save would lose everything in the end.
      this.#failure = error instanceof Error ? error : new Error(String(error));
      run?.stop();
    }
  }

  /** Saves the present weights and gives the file's path. Rejects when a weight is not finite. */
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
    return this.#folder.saveCheckpoint(iter, data, this.#keep);
  }
}
