/**
 * An engine without a GPU that behaves like one, for interface tests and the gallery: the same commands, the same order of
 * events, numbers that look like a run's. It is no part of the production bundle.
 */
import { type ErrorDetails, errorDetails, UserError } from '../base/errors.ts';
import type { Dataset, RgbImage } from '../data/dataset.ts';
import { FAKE_PRESETS, fakeConfigEdit, fakeConfigView, fakePreset } from './fake-config.ts';
import { fakeDataset } from './fake-dataset.ts';
import { FAKE_DEVICES } from './fake-device.ts';
import {
  FAKE_LOG_INTERVAL,
  FAKE_MAX_ITERS,
  fakeDetections,
  fakeLogLines,
  fakeMetrics,
  fakeStatus,
} from './fake-run.ts';
import type { CommandHandlers } from './port.ts';
import type {
  CommandName,
  Commands,
  DatasetInput,
  DatasetSummary,
  DeviceReport,
  EngineClient,
  EventName,
  Events,
  ImageInfo,
  RunPhase,
  RunStatus,
} from './protocol.ts';

export interface FakeScript {
  readonly device: DeviceReport;
  /** What opens when the user drops something or tries the sample. */
  readonly openDataset: (input: DatasetInput) => Dataset;
  /** Turns pixels into a bitmap; tests without a canvas pass their own. */
  readonly toBitmap: (image: RgbImage) => Promise<ImageBitmap>;
  /** Milliseconds per iteration of a started run; 0 = nothing moves by itself. */
  readonly tickMs: number;
  /** Commands that are refused, with what the engine says. */
  readonly failing: { readonly [K in CommandName]?: ErrorDetails };
  /** `listImages` from this offset on is never answered: the list stays partial. */
  readonly listStopsAt: number;
  /** Commands that are never answered (a view's working state). */
  readonly hanging: readonly CommandName[];
}

const DEFAULTS: FakeScript = {
  device: FAKE_DEVICES.gpu,
  openDataset: () => fakeDataset({ images: 60 }),
  toBitmap: ({ width, height, data }) => {
    const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
    for (let i = 0, j = 0; j < data.length; i += 4, j += 3) rgba.set(data.subarray(j, j + 3), i);
    return createImageBitmap(new ImageData(rgba, width, height));
  },
  tickMs: 0,
  failing: {},
  listStopsAt: Infinity,
  hanging: [],
};

type Listeners = { readonly [K in EventName]: Set<(payload: Events[K]) => void> };

/** See the head of this file. `calls` records what was asked; `emit` and `showRun` drive it from outside. */
export class FakeEngine implements EngineClient {
  readonly calls: { readonly command: CommandName; readonly request: unknown }[] = [];
  readonly #script: FakeScript;
  readonly #listeners: Listeners = {
    run: new Set(),
    metrics: new Set(),
    preview: new Set(),
    log: new Set(),
    progress: new Set(),
    problem: new Set(),
    device: new Set(),
  };
  readonly #handlers: CommandHandlers;
  #dataset: Dataset | null = null;
  #status: RunStatus = fakeStatus('idle', 0);
  #pinned: readonly number[] = [];
  #runs = 1;
  #runName = 'retinanet_r18_fpn_sample';
  #timer: ReturnType<typeof setInterval> | undefined;
  #pending = 0;

  constructor(script: Partial<FakeScript> = {}) {
    this.#script = { ...DEFAULTS, ...script };
    this.#handlers = this.#makeHandlers();
  }

  /** Calls without a reply, those that hang left out. */
  get pending(): number {
    return this.#pending;
  }

  async call<K extends CommandName>(
    command: K,
    request: Commands[K]['request'],
  ): Promise<Commands[K]['reply']> {
    this.calls.push({ command, request });
    if (this.#script.hanging.includes(command)) return new Promise(() => undefined);
    this.#pending += 1;
    try {
      // As over a real port: never in the same turn.
      await Promise.resolve();
      const failure = this.#script.failing[command];
      if (failure !== undefined) throw new UserError(failure);
      const handler: CommandHandlers[K] = this.#handlers[command];
      return await handler(request);
    } catch (error) {
      throw new UserError(errorDetails(error));
    } finally {
      this.#pending -= 1;
    }
  }

  on<K extends EventName>(event: K, listener: (payload: Events[K]) => void): () => void {
    const listeners: Listeners[K] = this.#listeners[event];
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Sends an event, as the engine would. */
  emit<K extends EventName>(event: K, payload: Events[K]): void {
    const listeners: Listeners[K] = this.#listeners[event];
    for (const listener of listeners) listener(payload);
  }

  /** Puts the run into a state at once: its status, the metrics up to `iter`, the log, and previews of the pinned images. */
  showRun(phase: RunPhase, iter: number, more: Partial<RunStatus> = {}): void {
    const from = this.#status.iter > iter ? 0 : this.#status.iter;
    const runId = `fake-run-${this.#runs}`;
    const name = this.#runName;
    this.#status = fakeStatus(phase, iter, { runId, name, ...more });
    this.emit('run', this.#status);
    if (iter > from) this.emit('metrics', fakeMetrics(runId, from, iter));
    for (const line of fakeLogLines(from, iter)) this.emit('log', { level: 'info', line });
    const dataset = this.#dataset;
    if (dataset === null) return;
    const next = Math.ceil((from + 1) / FAKE_LOG_INTERVAL) * FAKE_LOG_INTERVAL;
    for (let at = next; at <= iter; at += FAKE_LOG_INTERVAL) {
      for (const imageIndex of this.#pinned) {
        const detections = fakeDetections(dataset, imageIndex, at / FAKE_MAX_ITERS);
        this.emit('preview', { runId, iter: at, imageIndex, detections });
      }
    }
  }

  dispose(): void {
    clearInterval(this.#timer);
    for (const listeners of Object.values(this.#listeners)) listeners.clear();
  }

  #makeHandlers(): CommandHandlers {
    const pausing = (phase: RunPhase) => (): { iter: number } => {
      if (phase === 'running') this.#start();
      else clearInterval(this.#timer);
      this.showRun(phase, this.#status.iter);
      return { iter: this.#status.iter };
    };
    return {
      hello: () => ({ device: this.#script.device, presets: FAKE_PRESETS }),
      openDataset: ({ input }) => {
        this.#dataset = this.#script.openDataset(input);
        return summaryOf(this.#dataset, input);
      },
      listImages: ({ split, offset, count }) =>
        offset >= this.#script.listStopsAt
          ? new Promise(() => undefined)
          : listImages(this.#open(), split, offset, count),
      getPicture: ({ index, maxSide }) => this.#picture(index, maxSide),
      exportDataset: ({ format }) => ({
        fileName: `sample-${format}.zip`,
        data: new ArrayBuffer(22),
      }),
      loadPreset: ({ name }) => fakePreset(name, this.#dataset),
      checkConfig: ({ text }) => fakeConfigView(text, this.#dataset),
      editConfig: (request) => fakeConfigEdit(request, this.#dataset),
      startRun: ({ name }) => {
        this.#runs += 1;
        this.#runName = name.slice(name.lastIndexOf('/') + 1);
        this.#status = fakeStatus('idle', 0);
        this.showRun('preparing', 0, { progress: { label: 'compiling', done: 34, total: 58 } });
        this.#start();
        return { runId: this.#status.runId };
      },
      pauseRun: pausing('paused'),
      resumeRun: pausing('running'),
      stopRun: pausing('stopped'),
      setPinned: ({ indices }) => {
        this.#pinned = indices.slice(0, 4);
        return { indices: this.#pinned };
      },
      saveCheckpoint: () => ({
        fileName: `iter_${this.#status.iter}.safetensors`,
        data: new ArrayBuffer(16),
      }),
      loadCheckpoint: ({ name, data }) => ({
        name,
        classes: this.#dataset?.classes ?? ['person'],
        iter: 1200,
        tensors: 132,
        bytes: data.byteLength,
        missing: ['bbox_head.retina_cls.weight', 'bbox_head.retina_cls.bias'],
        unexpected: ['backbone.fc.weight'],
        mismatched: [],
        config: '',
      }),
      predict: ({ image }) => {
        const dataset = this.#open();
        const index = image.kind === 'dataset' ? image.index : 0;
        return {
          detections: fakeDetections(dataset, index, 0.9),
          classes: dataset.classes,
          ms: 84.3,
        };
      },
    };
  }

  #start(): void {
    clearInterval(this.#timer);
    if (this.#script.tickMs === 0) return;
    this.#timer = setInterval(() => {
      const { progress } = this.#status;
      if (
        this.#status.phase === 'preparing' &&
        progress !== undefined &&
        progress.done < progress.total
      ) {
        const done = Math.min(progress.total, progress.done + 3);
        this.showRun('preparing', 0, { progress: { ...progress, done } });
        return;
      }
      const iter = this.#status.iter + 1;
      if (iter >= FAKE_MAX_ITERS) clearInterval(this.#timer);
      this.showRun(iter >= FAKE_MAX_ITERS ? 'finished' : 'running', iter);
    }, this.#script.tickMs);
  }

  #open(): Dataset {
    if (this.#dataset !== null) return this.#dataset;
    throw new UserError({
      code: 'no-dataset',
      what: 'No dataset is open.',
      action: 'Open one first.',
    });
  }

  async #picture(index: number, maxSide: number): Promise<Commands['getPicture']['reply']> {
    const dataset = this.#open();
    const entry = dataset.images[index];
    if (entry === undefined || entry.missing || dataset.renderImage === undefined) {
      throw new UserError({
        code: 'image-missing',
        what: 'The image is not in the folder.',
        ...(entry === undefined ? {} : { place: { file: entry.path } }),
      });
    }
    const rgb = await dataset.renderImage(index);
    const bitmap = await this.#script.toBitmap(rgb);
    if (maxSide === 0 || Math.max(rgb.width, rgb.height) <= maxSide)
      return { bitmap, width: rgb.width, height: rgb.height };
    const scale = maxSide / Math.max(rgb.width, rgb.height);
    const small = await createImageBitmap(bitmap, {
      resizeWidth: Math.round(rgb.width * scale),
      resizeHeight: Math.round(rgb.height * scale),
      resizeQuality: 'high',
    });
    bitmap.close();
    return { bitmap: small, width: rgb.width, height: rgb.height };
  }
}

function summaryOf(dataset: Dataset, input: DatasetInput): DatasetSummary {
  const isSample = input.kind === 'sample';
  return {
    id: `${input.kind}-${dataset.name}`,
    name: dataset.name,
    format: dataset.format,
    evidence: isSample
      ? 'made in this tab'
      : `${dataset.images.length} XML files with <annotation>, JPEGImages, ImageSets/Main`,
    classes: dataset.classes.map((name, label) => ({
      name,
      count: dataset.classCounts[label] ?? 0,
    })),
    numImages: dataset.images.length,
    numAnnotations: dataset.annotations.labels.length,
    splits: Object.fromEntries(
      Object.entries(dataset.splits).map(([name, list]) => [name, list.length]),
    ),
    trainSplit: 'train',
    valSplit: 'val',
    problems: dataset.problems,
    ...(isSample
      ? {
          licence: {
            name: 'MIT',
            text: 'MIT License\n\nCopyright (c) Microsoft Corporation.',
            source: 'https://github.com/microsoft/fluentui-emoji',
          },
        }
      : {}),
  };
}

function listImages(
  dataset: Dataset,
  split: string,
  offset: number,
  count: number,
): { images: ImageInfo[] } {
  const order =
    split === '' ? dataset.images.map(({ index }) => index) : [...(dataset.splits[split] ?? [])];
  const { offsets, boxes, labels, flags } = dataset.annotations;
  const images = order.slice(offset, offset + count).flatMap((index) => {
    const entry = dataset.images[index];
    if (entry === undefined) return [];
    const start = offsets[index] ?? 0;
    const end = offsets[index + 1] ?? 0;
    return [
      {
        index,
        name: entry.name,
        path: entry.path,
        width: entry.width,
        height: entry.height,
        missing: entry.missing,
        boxes: boxes.slice(start * 4, end * 4),
        labels: labels.slice(start, end),
        flags: flags.slice(start, end),
      },
    ];
  });
  return { images };
}
