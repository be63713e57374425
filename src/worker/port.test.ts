import { afterEach, describe, expect, it } from 'vitest';
import { UserError } from '../base/errors.ts';
import { type CommandHandlers, connectPort, type ParseRequest, type Port, serve } from './port.ts';

/** Node's MessagePort as the browser's; started at once. */
function portOf(port: MessagePort): Port {
  port.start();
  return port;
}

const trust: ParseRequest = (_command, request) => request as never;

function notAsked(): never {
  throw new Error('not asked in this test');
}

const silent: CommandHandlers = {
  hello: notAsked,
  openDataset: notAsked,
  listImages: notAsked,
  getPicture: notAsked,
  exportDataset: notAsked,
  loadPreset: notAsked,
  checkConfig: notAsked,
  editConfig: notAsked,
  startRun: notAsked,
  pauseRun: notAsked,
  resumeRun: notAsked,
  stopRun: notAsked,
  setPinned: notAsked,
  saveCheckpoint: notAsked,
  loadCheckpoint: notAsked,
  predict: notAsked,
};

const opened: MessageChannel[] = [];

function connect(handlers: Partial<CommandHandlers>, parse: ParseRequest = trust) {
  const channel = new MessageChannel();
  opened.push(channel);
  const server = serve(portOf(channel.port2), { ...silent, ...handlers }, parse);
  const client = connectPort(portOf(channel.port1), () => channel.port1.close());
  return { client, server, channel };
}

afterEach(() => {
  for (const channel of opened.splice(0)) {
    channel.port1.close();
    channel.port2.close();
  }
});

describe('commands over a MessageChannel', () => {
  it('gives each call its own reply, also when they are answered out of order', async () => {
    const release: Record<number, () => void> = {};
    const { client } = connect({
      pauseRun: ({ runId }) =>
        new Promise((resolve) => {
          release[Number(runId)] = () => resolve({ iter: Number(runId) * 10 });
        }),
    });
    const first = client.call('pauseRun', { runId: '1' });
    const second = client.call('pauseRun', { runId: '2' });
    await expect.poll(() => Object.keys(release).length).toBe(2);
    expect(client.pending).toBe(2);
    release[2]?.();
    expect(await second).toEqual({ iter: 20 });
    release[1]?.();
    expect(await first).toEqual({ iter: 10 });
    expect(client.pending).toBe(0);
  });

  it('carries a UserError whole, with its place and parameters', async () => {
    const details = {
      code: 'voc-xml-broken',
      what: 'The XML does not parse.',
      place: { file: 'Annotations/a.xml', line: 3 },
      params: { tag: 'bndbox' },
    };
    const { client } = connect({
      openDataset: () => {
        throw new UserError(details);
      },
    });
    const call = client.call('openDataset', { input: { kind: 'sample', seed: 1 } });
    await expect(call).rejects.toBeInstanceOf(UserError);
    await expect(call).rejects.toMatchObject({ details });
  });

  it('answers a request that does not parse with the error of the parser, without running the handler', async () => {
    let ran = false;
    const { client } = connect(
      {
        loadPreset: () => {
          ran = true;
          return notAsked();
        },
      },
      () => {
        throw new UserError({ code: 'bad-request', what: 'name: expected a string.' });
      },
    );
    await expect(client.call('loadPreset', { name: 'x' })).rejects.toMatchObject({
      details: { code: 'bad-request' },
    });
    expect(ran).toBe(false);
  });

  it('refuses unknown commands, also names every object has, and ignores what has no id', async () => {
    const { channel, client } = connect({ pauseRun: () => ({ iter: 1 }) });
    const replies: unknown[] = [];
    channel.port1.addEventListener('message', ({ data }) => replies.push(data));
    const receive = (data: unknown): void => {
      channel.port2.dispatchEvent(new MessageEvent('message', { data }));
    };
    receive({ id: 900, command: 'toString', request: {} });
    receive({ id: 901, command: 'formatDisk', request: {} });
    receive('hello');
    receive(null);
    receive({ command: 'pauseRun' });
    await expect.poll(() => replies.length).toBe(2);
    for (const reply of replies)
      expect(reply).toMatchObject({ ok: false, error: { code: 'unknown-command' } });
    expect(await client.call('pauseRun', { runId: '' })).toEqual({ iter: 1 });
    expect(replies.length).toBe(3);
  });

  it('transfers a checkpoint in both directions instead of copying it', async () => {
    const { client } = connect({
      loadCheckpoint: ({ name, data }) => ({
        name,
        classes: [],
        iter: 0,
        tensors: 0,
        bytes: data.byteLength,
        missing: [],
        unexpected: [],
        mismatched: [],
        config: '',
      }),
      saveCheckpoint: () => ({ fileName: 'a.safetensors', data: new Uint8Array([1, 2, 3]).buffer }),
    });
    const data = new ArrayBuffer(64);
    const info = await client.call('loadCheckpoint', { name: 'x', data });
    expect(info.bytes).toBe(64);
    expect(data.byteLength).toBe(0);
    const saved = await client.call('saveCheckpoint', {});
    expect([...new Uint8Array(saved.data)]).toEqual([1, 2, 3]);
  });

  it('delivers events in order to those who still listen; arrays over one buffer are no error', async () => {
    const { client, server } = connect({});
    const seen: number[] = [];
    const off = client.on('metrics', ({ iters }) => seen.push(...iters));
    const shared = new ArrayBuffer(8 + 16);
    server.emit('metrics', {
      runId: 'r',
      keys: ['loss'],
      iters: new Int32Array(shared, 0, 2).fill(1),
      values: new Float64Array(shared, 8, 2),
    });
    server.emit('metrics', {
      runId: 'r',
      keys: [],
      iters: Int32Array.of(7),
      values: new Float64Array(0),
    });
    await expect.poll(() => seen).toEqual([1, 1, 7]);
    off();
    server.emit('metrics', {
      runId: 'r',
      keys: [],
      iters: Int32Array.of(8),
      values: new Float64Array(0),
    });
    let told = false;
    client.on('log', () => {
      told = true;
    });
    server.emit('log', { level: 'info', line: 'last' });
    await expect.poll(() => told).toBe(true);
    expect(seen).toEqual([1, 1, 7]);
  });

  it('fails pending and later calls when the engine dies, and says so as a device event', async () => {
    const { client } = connect({ saveCheckpoint: () => new Promise(() => undefined) });
    const heard: string[] = [];
    client.on('device', ({ error }) => heard.push(error.code));
    const call = client.call('saveCheckpoint', {});
    client.fail({ code: 'engine-crashed', what: 'The engine stopped.' });
    await expect(call).rejects.toMatchObject({ details: { code: 'engine-crashed' } });
    await expect(client.call('saveCheckpoint', {})).rejects.toMatchObject({
      details: { code: 'engine-crashed' },
    });
    expect(heard).toEqual(['engine-crashed']);
  });

  it('a request that cannot be cloned fails the call and leaves nothing pending', async () => {
    const { client } = connect({});
    const request = { configText: '', name: '', seed: (() => 1) as unknown as number };
    await expect(client.call('startRun', request)).rejects.toThrow();
    expect(client.pending).toBe(0);
  });
});
