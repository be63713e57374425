import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeEnvironment } from './environment.node.ts';
import { createHandlers } from './handlers.ts';
import type { MakePicture } from './handlers.ts';
import { connectPort, serve } from './port.ts';
import type { CommandHandlers, Port, PortClient } from './port.ts';
import type { DatasetInput } from './protocol.ts';
import { parseRequest } from './request-schemas.ts';
import { EngineSession } from './session.ts';

const SAMPLE = { input: { kind: 'sample', seed: 0 } } as const;
const PRESET = 'retinanet/retinanet_r18_fpn_sample';

function portOf(port: MessagePort): Port {
  port.start();
  return port;
}

/** Bitmaps are the browser's; here the handlers are asked for sizes only. */
const drawNothing: MakePicture = ({ width, height }, maxSide) =>
  Promise.resolve({ bitmap: { maxSide } as unknown as ImageBitmap, width, height });

/** Two Pascal VOC labels without their images. */
function vocFiles(): { path: string; file: File }[] {
  return ['a', 'b'].map((name) => {
    const object = `<object><name>class ${name}</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>`;
    const xml = `<annotation><filename>${name}.png</filename><size><width>9</width><height>9</height></size>${object}</annotation>`;
    return { path: `set/Annotations/${name}.xml`, file: new File([xml], `${name}.xml`) };
  });
}

let session: EngineSession;
let client: PortClient;
let channel: MessageChannel;
let handlers: CommandHandlers;

/** As over the port, for requests with files: Node clones a File to a Blob. */
function openFiles(input: DatasetInput) {
  return handlers.openDataset(parseRequest('openDataset', { input }));
}

beforeEach(() => {
  channel = new MessageChannel();
  session = new EngineSession(nodeEnvironment({ gpu: undefined }), (event, payload) => {
    server.emit(event, payload);
  });
  handlers = createHandlers(session, drawNothing);
  const server = serve(portOf(channel.port2), handlers, parseRequest);
  client = connectPort(portOf(channel.port1), () => undefined);
});

afterEach(async () => {
  await session.dispose();
  channel.port1.close();
  channel.port2.close();
});

describe('the engine on a machine without a GPU', () => {
  it('says hello all the same: why there is no device, and which presets there are', async () => {
    const { device, presets } = await client.call('hello', { userAgent: 'test' });
    expect(device.available).toBe(false);
    expect(device.problem?.action).toContain('VK_DRIVER_FILES');
    // A first visit trains the first one.
    expect(presets[0]).toMatchObject({
      name: PRESET,
      description: expect.stringContaining('sample'),
    });
    expect(presets.length).toBeGreaterThan(2);
  });

  it('opens the sample, lists its images and refuses what it does not have', async () => {
    const summary = await client.call('openDataset', SAMPLE);
    expect(summary).toMatchObject({ format: 'sample', numImages: 576, trainSplit: 'train' });
    expect(summary.licence?.name).toBeTruthy();
    const { images } = await client.call('listImages', { split: 'val', offset: 60, count: 100 });
    expect(images.map(({ index }) => index)).toEqual([572, 573, 574, 575]);
    for (const { boxes, labels, flags } of images) {
      expect(labels.length).toBeGreaterThan(0);
      expect(boxes.length).toBe(4 * labels.length);
      expect(flags.length).toBe(labels.length);
      // A view of the whole dataset would send all of it along with each image.
      expect(boxes.buffer.byteLength).toBe(boxes.byteLength);
    }
    const unknown = client.call('listImages', { split: 'dev', offset: 0, count: 1 });
    await expect(unknown).rejects.toMatchObject({ details: { code: 'split-unknown' } });
    const beyond = client.call('getPicture', { index: 576, maxSide: 0 });
    await expect(beyond).rejects.toMatchObject({ details: { code: 'image-unknown' } });
  });

  it('answers everything about data with "no dataset" before one is open', async () => {
    for (const call of [
      client.call('listImages', { split: '', offset: 0, count: 1 }),
      client.call('getPicture', { index: 0, maxSide: 0 }),
      client.call('exportDataset', { format: 'voc' }),
      client.call('setPinned', { indices: [0] }),
    ]) {
      await expect(call).rejects.toMatchObject({ details: { code: 'no-dataset' } });
    }
    const predict = client.call('predict', { image: { kind: 'dataset', index: 0 }, scoreThr: 0.1 });
    await expect(predict).rejects.toMatchObject({ details: { code: 'no-model' } });
    const save = client.call('saveCheckpoint', {});
    await expect(save).rejects.toMatchObject({ details: { code: 'no-model' } });
  });

  it('keeps the open dataset when another one is refused', async () => {
    await client.call('openDataset', SAMPLE);
    const file = new File([new Uint8Array(100)], 'broken.zip');
    const refused = Promise.resolve(openFiles({ kind: 'zip', file }));
    await expect(refused).rejects.toMatchObject({ details: { code: 'zip-unreadable' } });
    const { images } = await client.call('listImages', { split: '', offset: 0, count: 1 });
    expect(images).toHaveLength(1);
  });

  it('opens dropped files', async () => {
    const summary = await openFiles({ kind: 'files', name: 'set', files: vocFiles() });
    expect(summary).toMatchObject({ format: 'voc', name: 'set', numImages: 2 });
    expect(summary.classes.map(({ name }) => name)).toEqual(['class a', 'class b']);
    // Without image files there is nothing to train on, and the config still can be looked at.
    const view = await client.call('loadPreset', { name: PRESET });
    expect(view.plannedIterations).toBe(0);
    const missing = client.call('getPicture', { index: 0, maxSide: 0 });
    await expect(missing).rejects.toMatchObject({ details: { code: 'image-missing' } });
  });

  it('gives, checks and edits a config with the classes of the open data', async () => {
    const alone = await client.call('loadPreset', { name: PRESET });
    expect(alone.plannedIterations).toBeGreaterThan(0);
    await client.call('openDataset', SAMPLE);
    const view = await client.call('loadPreset', { name: PRESET });
    expect(view.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(view.fields.find(({ key }) => key === 'metainfo.classes')?.readOnly).toBe(true);
    const edit = { text: view.text, key: 'train_cfg.max_iters', value: 70 };
    const edited = await client.call('editConfig', edit);
    expect(edited.plannedIterations).toBe(70);
    expect(edited.text).toContain('# Learning rate');
    const broken = await client.call('checkConfig', { text: `${edited.text}\nmodle: 1\n` });
    expect(broken.problems[0]).toMatchObject({ severity: 'error', place: { key: 'modle' } });
    const nowhere = client.call('loadPreset', { name: 'retinanet/none' });
    await expect(nowhere).rejects.toMatchObject({ details: { code: 'config-not-found' } });
  });

  it('refuses to train with the reason why there is no adapter', async () => {
    await client.call('openDataset', SAMPLE);
    const { text } = await client.call('loadPreset', { name: PRESET });
    const start = client.call('startRun', { configText: text, name: 'a', seed: 0 });
    await expect(start).rejects.toMatchObject({ details: { code: 'no-webgpu' } });
    const pause = client.call('pauseRun', { runId: 'run-1' });
    await expect(pause).rejects.toMatchObject({ details: { code: 'no-such-run' } });
    const data = new ArrayBuffer(64);
    const load = client.call('loadCheckpoint', { name: 'x.safetensors', data });
    await expect(load).rejects.toMatchObject({ details: { code: 'no-webgpu' } });
  });

  it('pins at most four images, and only those that exist', async () => {
    await client.call('openDataset', SAMPLE);
    const pinned = await client.call('setPinned', { indices: [9, 9, 5000, 1, 2, 3, 4] });
    expect(pinned.indices).toEqual([9, 1, 2, 3]);
  });

  it('exports the open dataset as a zip, telling how far it is', async () => {
    await openFiles({ kind: 'files', name: 'Set (1)', files: vocFiles() });
    const seen: number[] = [];
    client.on('progress', ({ task, done }) => task === 'exporting' && seen.push(done));
    const { fileName, data } = await client.call('exportDataset', { format: 'coco' });
    expect(fileName).toBe('set-1-coco.zip');
    expect([...new Uint8Array(data, 0, 2)]).toEqual([0x50, 0x4b]);
    expect(seen.at(-1)).toBe(2);
  });
});

describe('pictures', () => {
  it('are decoded two at a time', async () => {
    let running = 0;
    let most = 0;
    const slow: MakePicture = async (image, maxSide) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return drawNothing(image, maxSide);
    };
    await client.call('openDataset', SAMPLE);
    const { getPicture } = createHandlers(session, slow);
    const indices = Array.from({ length: 7 }, (_, index) => index);
    const pictures = await Promise.all(
      indices.map(async (index) => getPicture({ index, maxSide: 64 })),
    );
    expect(most).toBe(2);
    for (const { width, height } of pictures) expect([width, height]).toEqual([256, 256]);
  });
});
