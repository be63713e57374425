import { UserError } from '../base/errors.ts';
import { editField, loadWithData, presetInfos, viewOf } from '../config/config-view.ts';
import type { ConfigView, OpenData } from '../config/config-view.ts';
import { loadConfig } from '../config/load-config.ts';
import type { SourceText } from '../config/load-config.ts';
import type { ConfigFiles } from '../config/preset-files.ts';
import type { RgbImage } from '../data/dataset.ts';
import { exportDataset } from '../data/formats/export-dataset.ts';
import { listImages, loadImage } from './data-session.ts';
import type { CommandHandlers } from './port.ts';
import { predictBytes, predictDatasetImage } from './predictor.ts';
import type { Commands, Picture, PresetInfo } from './protocol.ts';
import type { EngineSession } from './session.ts';
import { Slots } from './slots.ts';

/** Pictures decoded at a time for the interface; more would starve a training of decoders. */
const PICTURES_AT_ONCE = 2;

/** Name of a config text that is edited; its bases are looked for among the presets. */
const EDITED_NAME = 'config.yaml';

/** Turns pixels into a bitmap of at most `maxSide` pixels; in a browser `makePicture`. */
export type MakePicture = (image: RgbImage, maxSide: number) => Promise<Picture>;

/** Every command of the protocol on a session. */
export function createHandlers(session: EngineSession, makePicture: MakePicture): CommandHandlers {
  const { configFiles } = session.environment;
  const pictures = new Slots(PICTURES_AT_ONCE);
  const view = (source: SourceText): ConfigView => configViewFor(session, source);
  return {
    hello: async () => ({
      device: (await session.gpu()).report,
      presets: presetsForStart(configFiles),
    }),
    openDataset: ({ input }) => session.open(input),
    listImages: ({ split, offset, count }) => ({
      images: listImages(session.data.dataset, split, offset, count),
    }),
    getPicture: ({ index, maxSide }) =>
      pictures.run(async () => {
        requireImage(session, index);
        return makePicture(await loadImage(session.data, index), maxSide);
      }),
    exportDataset: ({ format }) => exportAs(session, format),
    loadPreset: ({ name }) => view(presetSource(session, name)),
    checkConfig: ({ text }) => view({ name: EDITED_NAME, text }),
    editConfig: ({ text, key, value }) => {
      const name = EDITED_NAME;
      return view({ name, text: editField(configFiles, { name, text }, key, value) });
    },
    startRun: async ({ configText, name, seed }) => {
      // First of all, so that a page without a GPU says that and not something about the config.
      (await session.gpu()).require();
      const checked = session.checkConfig({ name: EDITED_NAME, text: configText });
      return session.start(session.plan(checked, seed), name);
    },
    pauseRun: async ({ runId }) => ({ iter: await session.runById(runId).run.pause() }),
    resumeRun: ({ runId }) => ({ iter: session.runById(runId).run.resume() }),
    stopRun: ({ runId }) => ({ iter: session.runById(runId).run.stop() }),
    setPinned: ({ indices }) => ({ indices: session.pin(indices) }),
    saveCheckpoint: async () => {
      const { fileName, data } = await session.save();
      return { fileName, data: ownBuffer(data) };
    },
    loadCheckpoint: ({ name, data }) => session.load(name, new Uint8Array(data)),
    predict: (request) => predict(session, request),
  };
}

/** What a first visit trains: the smallest. */
const FIRST_PRESET = 'retinanet/retinanet_r18_fpn_sample';

/** All presets, those for the sample first, as a first visit can train them. */
function presetsForStart(files: ConfigFiles): readonly PresetInfo[] {
  const rank = ({ name }: PresetInfo): number =>
    name === FIRST_PRESET ? 0 : name.endsWith('_sample') ? 1 : 2;
  // Sorting is stable: within a rank the order is that of the files.
  return presetInfos(files).toSorted((a, b) => rank(a) - rank(b));
}

/** The view of a config text with the open dataset's classes and number of training images, where one is open. */
function configViewFor(session: EngineSession, source: SourceText): ConfigView {
  const { configFiles } = session.environment;
  if (!session.hasData) return viewOf(loadConfig(configFiles, source));
  const { classes } = session.data.dataset;
  // The number of training images depends on the config's filter, so the config is loaded first.
  const data: OpenData = { classes, trainImages: 0 };
  const result = loadWithData(configFiles, source, data);
  return viewOf(result, { classes, trainImages: trainImages(session, result.config) });
}

/** Images to train on; none where the dataset has no image that can be read. */
function trainImages(
  session: EngineSession,
  config: Parameters<EngineSession['trainImages']>[0],
): number {
  try {
    return session.trainImages(config);
  } catch (error) {
    if (error instanceof UserError && error.details.code === 'split-empty') return 0;
    throw error;
  }
}

function presetSource(session: EngineSession, name: string): SourceText {
  const { source, problems, root } = loadConfig(session.environment.configFiles, name);
  const missing = problems.find(({ code }) => code === 'config-not-found');
  if (root === undefined && missing !== undefined) throw new UserError(missing);
  return source;
}

function requireImage(session: EngineSession, index: number): void {
  const { images } = session.data.dataset;
  const image = images[index];
  if (image === undefined) {
    throw new UserError({
      code: 'image-unknown',
      what: `There is no image ${index}.`,
      why: `The dataset has ${images.length} images.`,
    });
  }
  if (image.missing) {
    throw new UserError({
      code: 'image-missing',
      what: 'The image cannot be shown.',
      why: 'Its file is not in the dataset, or cannot be read.',
      action: 'See the problems of the dataset.',
      place: { file: image.path === '' ? image.name : image.path },
    });
  }
}

async function exportAs(
  session: EngineSession,
  format: 'voc' | 'coco',
): Promise<Commands['exportDataset']['reply']> {
  const { dataset } = session.data;
  const zip = await exportDataset(dataset, format, (done, total) => {
    session.emit('progress', { task: 'exporting', done, total });
  });
  const stem = dataset.name
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '');
  return {
    fileName: `${stem === '' ? 'dataset' : stem}-${format}.zip`,
    data: await zip.arrayBuffer(),
  };
}

async function predict(
  session: EngineSession,
  { image, scoreThr }: Commands['predict']['request'],
): Promise<Commands['predict']['reply']> {
  const { model } = session;
  const start = performance.now();
  if (image.kind === 'dataset') requireImage(session, image.index);
  const detections =
    image.kind === 'dataset'
      ? await predictDatasetImage(model, session.data, image.index, scoreThr)
      : await predictBlob(session, image.blob, image.name, scoreThr);
  return { detections, classes: model.classes, ms: performance.now() - start };
}

async function predictBlob(
  session: EngineSession,
  blob: Blob,
  name: string,
  scoreThr: number,
): ReturnType<typeof predictBytes> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (session.hasData) {
    return predictBytes(session.model, session.data.decoder, name, bytes, scoreThr);
  }
  // A loaded checkpoint can be tried before any dataset is open.
  const decoder = session.environment.createDecoder();
  try {
    return await predictBytes(session.model, decoder, name, bytes, scoreThr);
  } finally {
    decoder.dispose();
  }
}

/** The bytes as a buffer of their own, which can be transferred without taking anything else along. */
function ownBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}
