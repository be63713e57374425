import { UserError } from '../base/errors.ts';
import type { ErrorDetails } from '../base/errors.ts';
import { loadConfig } from '../config/load-config.ts';
import type { SourceText } from '../config/load-config.ts';
import { chosenClassIndices, withDataset } from '../config/with-dataset.ts';
import { filterOptions } from '../config/resolved-data.ts';
import type { Config } from '../config/schema/config-schema.ts';
import { filterForTraining } from '../data/loader/batch-sampler.ts';
import { trainSplit } from '../data/splits.ts';
import { loadModel, saveModel } from './checkpoint-io.ts';
import { openData, summarise, withClasses } from './data-session.ts';
import type { OpenData } from './data-session.ts';
import type { EngineEnvironment } from './environment.ts';
import type { EventSink } from './event-sink.ts';
import { startGpuSession } from './gpu-session.ts';
import type { GpuSession } from './gpu-session.ts';
import { createModel } from './loaded-model.ts';
import type { LoadedModel } from './loaded-model.ts';
import { Previewer } from './previewer.ts';
import type { CheckpointInfo, DatasetInput, DatasetSummary } from './protocol.ts';
import { planRun } from './run-plan.ts';
import type { RunPlan } from './run-plan.ts';
import { startRun } from './start-run.ts';
import type { StartedRun } from './start-run.ts';

/** A config text that passed all checks, for the open dataset. */
export interface CheckedConfig {
  readonly config: Config;
  readonly text: string;
  readonly problems: readonly ErrorDetails[];
}

/**
 * The engine: one device, at most one open dataset, one model and one run. The worker, the command line and the tests
 * drive this same object.
 */
export class EngineSession {
  readonly #environment: EngineEnvironment;
  readonly #emit: EventSink;
  readonly #previewer: Previewer;
  #gpu: Promise<GpuSession> | undefined;
  #data: OpenData | undefined;
  #loaded: LoadedModel | undefined;
  #current: (StartedRun & { readonly id: string }) | undefined;
  #runs = 0;

  constructor(environment: EngineEnvironment, emit: EventSink) {
    this.#environment = environment;
    this.#emit = emit;
    this.#previewer = new Previewer(emit);
  }

  /** Starts the device at the first call. Never rejects: the report says what is wrong. */
  gpu(): Promise<GpuSession> {
    this.#gpu ??= startGpuSession(this.#environment.gpu, this.#environment.userAgent, (error) => {
      this.#current?.run.fail(error);
      this.#emit('device', { error });
    });
    return this.#gpu;
  }

  get environment(): EngineEnvironment {
    return this.#environment;
  }

  get emit(): EventSink {
    return this.#emit;
  }

  get data(): OpenData {
    if (this.#data === undefined) {
      throw new UserError({
        code: 'no-dataset',
        what: 'No dataset is open.',
        action: 'Drop a dataset folder, or take the sample.',
      });
    }
    return this.#data;
  }

  get hasData(): boolean {
    return this.#data !== undefined;
  }

  get model(): LoadedModel {
    if (this.#loaded === undefined) {
      throw new UserError({
        code: 'no-model',
        what: 'There is no model yet.',
        action: 'Train one, or load a checkpoint (.safetensors).',
      });
    }
    return this.#loaded;
  }

  /** The run under way, or the last one. */
  get run(): StartedRun | undefined {
    return this.#current;
  }

  async open(input: DatasetInput): Promise<DatasetSummary> {
    this.#refuseWhileRunning('open another dataset');
    return this.useData(await openData(this.#environment, input, this.#emit));
  }

  /** Makes `data` the open dataset; the one before is closed. */
  useData(data: OpenData): DatasetSummary {
    this.#data?.dispose();
    this.#data = data;
    this.#previewer.pin([]);
    return summarise(data);
  }

  /** Number of images that training would use with this config; all of the training split when the config is unusable. */
  trainImages(config: Config | undefined): number {
    const { dataset } = this.data;
    const { indices } = trainSplit(dataset);
    return config === undefined
      ? indices.length
      : filterForTraining(dataset, indices, filterOptions(config)).length;
  }

  /** Loads a config for the open dataset. Throws the first error as a UserError. */
  checkConfig(source: string | SourceText, overrides: readonly string[] = []): CheckedConfig {
    const { dataset } = this.data;
    const own = loadConfig(this.#environment.configFiles, source, overrides);
    const result = withDataset(own, { classes: dataset.classes });
    const error = result.problems.find(({ severity }) => severity === 'error');
    if (error !== undefined) throw new UserError(error);
    if (result.config === undefined) throw new Error('a config without errors and without values');
    return { config: result.config, text: result.mergedYaml, problems: result.problems };
  }

  /** The plan of a run with this config on the open data; the data is narrowed to the config's classes. */
  plan(checked: CheckedConfig, seed: number, maxIters?: number): RunPlan {
    const { dataset } = this.data;
    const chosen = chosenClassIndices(checked.config, dataset).map((i) => dataset.classes[i] ?? '');
    const same =
      chosen.length === dataset.classes.length && chosen.every((c, i) => c === dataset.classes[i]);
    if (!same) this.#data = withClasses(this.data, chosen);
    return planRun({
      config: checked.config,
      configText: checked.text,
      dataset: this.data.dataset,
      seed,
      ...(maxIters === undefined ? {} : { maxIters }),
    });
  }

  /**
   * Starts a run from fresh weights, or from the loaded model's where it has the same classes and `keepWeights` is set.
   * Resolves when the run has begun; its course comes as events.
   */
  async start(
    plan: RunPlan,
    name: string,
    keepWeights = false,
  ): Promise<{ readonly runId: string }> {
    this.#refuseWhileRunning('start a run');
    (await this.gpu()).require();
    if (!keepWeights || this.#loaded === undefined) {
      this.#loaded?.model.dispose();
      this.#loaded = createModel(plan, plan.seed);
    }
    this.#runs += 1;
    const id = `run-${this.#runs}`;
    const loaded = this.#loaded;
    const data = this.data;
    const started = startRun({
      id,
      name,
      plan,
      data,
      loaded,
      emit: this.#emit,
      betweenSteps: (iter) => this.#previewer.afterStep(id, iter, plan, loaded, data),
    });
    this.#current = { ...started, id };
    return { runId: id };
  }

  /** The run under way by its id. */
  runById(runId: string): StartedRun {
    if (this.#current?.id !== runId) {
      throw new UserError({
        code: 'no-such-run',
        what: `There is no run ${runId}.`,
        action: 'Start one.',
      });
    }
    return this.#current;
  }

  pin(indices: readonly number[]): readonly number[] {
    return this.#previewer.pin(
      indices.filter((index) => this.data.dataset.images[index] !== undefined),
    );
  }

  /** The present weights as .safetensors, with config and class names inside. */
  async save(): Promise<{ readonly fileName: string; readonly data: Uint8Array<ArrayBuffer> }> {
    const loaded = this.model;
    const plan = this.#current?.run.plan;
    return saveModel(loaded, {
      epoch: plan === undefined || plan.itersPerEpoch === 0 ? 0 : loaded.iter / plan.itersPerEpoch,
      seed: plan?.seed ?? 0,
      dataset: this.#data?.dataset.name ?? '',
    });
  }

  /** Makes a checkpoint's model the present one. Nothing is lost when the file is refused. */
  async load(
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
    fallback?: Parameters<typeof loadModel>[3],
  ): Promise<CheckpointInfo> {
    this.#refuseWhileRunning('load a checkpoint');
    (await this.gpu()).require();
    const { loaded, info } = loadModel(this.#environment.configFiles, name, bytes, fallback);
    this.#loaded?.model.dispose();
    this.#loaded = loaded;
    return info;
  }

  #refuseWhileRunning(what: string): void {
    const phase = this.#current?.run.phase;
    if (phase === undefined || ['idle', 'stopped', 'finished', 'failed'].includes(phase)) return;
    throw new UserError({
      code: 'run-active',
      what: `A run is ${phase}.`,
      action: `Stop it before you ${what}.`,
    });
  }

  async dispose(): Promise<void> {
    this.#current?.run.stop();
    await this.#current?.ended;
    this.#loaded?.model.dispose();
    this.#data?.dispose();
    (await this.#gpu)?.dispose();
  }
}
