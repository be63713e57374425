import { afterEach, describe, expect, test } from 'vitest';
import type { SourceText } from '../config/load-config.ts';
import { readModelCheckpoint } from '../checkpoint/model-checkpoint.ts';
import { readParameters } from '../models/parameter-io.ts';
import { browserEnvironment } from './environment.browser.ts';
import { predictDatasetImage } from './predictor.ts';
import type { EventName, Events, RunPhase, RunStatus } from './protocol.ts';
import { EngineSession } from './session.ts';

/** The sample preset, small enough for a processor that plays a GPU. */
const SMALL = [
  'model.backbone.base_channels=8',
  'model.neck.in_channels=[8,16,32,64]',
  'model.neck.out_channels=16',
  'model.bbox_head.in_channels=16',
  'model.bbox_head.feat_channels=16',
  'model.bbox_head.stacked_convs=1',
  'train_dataloader.batch_size=2',
  'train_dataloader.dataset.pipeline.2.scale=(64,64)',
  'val_dataloader.dataset.pipeline.1.scale=(64,64)',
  'test_dataloader.dataset.pipeline.1.scale=(64,64)',
];

interface Seen {
  readonly event: EventName;
  readonly payload: Events[EventName];
}

const sessions: EngineSession[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.dispose();
});

function open(): { session: EngineSession; seen: Seen[]; statuses: () => RunStatus[] } {
  const seen: Seen[] = [];
  const statuses: RunStatus[] = [];
  const session = new EngineSession(browserEnvironment(), (event, payload) => {
    seen.push({ event, payload });
    if ('phase' in payload) statuses.push(payload);
  });
  sessions.push(session);
  return { session, seen, statuses: () => statuses };
}

async function start(
  session: EngineSession,
  iters: number,
  source: string | SourceText = 'retinanet/retinanet_r18_fpn_sample',
): Promise<string> {
  await session.open({ kind: 'sample', seed: 0 });
  const checked = session.checkConfig(source, SMALL);
  const { runId } = await session.start(session.plan(checked, 1, iters), 'test');
  return runId;
}

/** Waits until the run's status satisfies a condition. */
async function until(
  statuses: () => RunStatus[],
  wanted: (status: RunStatus) => boolean,
): Promise<RunStatus> {
  for (;;) {
    const found = statuses().find(wanted);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const phase = (name: RunPhase) => (status: RunStatus) => status.phase === name;

describe('EngineSession on webgpu', () => {
  test('train, pause, resume, stop; checkpoint and back with equal detections', async ({
    task,
  }) => {
    Object.assign(task.meta, { backend: 'webgpu' });
    const { session, seen, statuses } = open();
    const runId = await start(session, 1000);
    const pinned = session.pin([512, 513]);
    expect(pinned).toEqual([512, 513]);
    await until(statuses, ({ iter }) => iter >= 3);
    const at = await session.runById(runId).run.pause();
    expect(statuses().at(-1)).toMatchObject({ phase: 'paused', iter: at });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(session.runById(runId).run.iter, 'nothing moves in a pause').toBe(at);
    session.runById(runId).run.resume();
    await until(statuses, ({ iter }) => iter >= 12);
    session.runById(runId).run.stop();
    await session.run?.ended;
    expect(statuses().at(-1)?.phase).toBe('stopped');

    const metrics = seen.filter(({ event }) => event === 'metrics');
    expect(metrics.length).toBeGreaterThanOrEqual(2);
    expect(seen.some(({ event }) => event === 'preview')).toBe(true);
    expect(seen.some(({ event }) => event === 'log')).toBe(true);
    expect(seen.filter(({ event }) => event === 'device')).toEqual([]);

    const before = await predictDatasetImage(session.model, session.data, 512, 0.01);
    const { fileName, data } = await session.save();
    expect(fileName).toMatch(/^retinanet_r18_iter_\d+\.safetensors$/);
    const info = await session.load(fileName, data);
    expect(info).toMatchObject({
      missing: [],
      unexpected: [],
      mismatched: [],
      iter: session.model.iter,
    });
    expect(info.classes).toEqual(session.data.dataset.classes);
    const after = await predictDatasetImage(session.model, session.data, 512, 0.01);
    expect(after).toEqual(before);
    expect(before.scores.length).toBeGreaterThan(0);
  });

  test('with EMAHook the average is saved and shown while the weights train on', async ({
    task,
  }) => {
    Object.assign(task.meta, { backend: 'webgpu' });
    const { session, statuses } = open();
    const text =
      '_base_: retinanet/retinanet_r18_fpn_sample.yaml\ncustom_hooks:\n  - {type: EMAHook, momentum: 0.1}\n';
    const runId = await start(session, 1000, { name: 'ema.yaml', text });
    await until(statuses, ({ iter }) => iter >= 4);
    await session.runById(runId).run.pause();
    const { model, ema } = session.model;
    const name = 'bbox_head.retina_cls.weight';
    const weights = async (): Promise<Float32Array | undefined> =>
      (await readParameters(model.parameters)).find((each) => each.name === name)?.data;
    const saved = async (): Promise<ArrayLike<number | bigint> | undefined> => {
      const { data } = await session.save();
      return readModelCheckpoint(data, 'x').arrays.find((each) => each.name === name)?.data;
    };
    const before = await weights();
    const average = await saved();
    expect(average).toBeDefined();
    expect(average).not.toEqual(before);
    expect(await weights(), 'training goes on from its own weights').toEqual(before);
    expect(ema?.steps).toBe(session.model.iter);
    const shown = await predictDatasetImage(session.model, session.data, 512, 0.01);
    session.runById(runId).run.stop();
    await session.run?.ended;
    // The run is over, the model is the average.
    expect(session.model.ema).toBeUndefined();
    expect(await weights()).toEqual(average);
    expect(await saved()).toEqual(average);
    expect(await predictDatasetImage(session.model, session.data, 512, 0.01)).toEqual(shown);
  });

  test('a lost device fails the run with a message, and the session says so', async ({ task }) => {
    Object.assign(task.meta, { backend: 'webgpu' });
    const { session, seen, statuses } = open();
    await start(session, 1000);
    await until(statuses, ({ iter }) => iter >= 2);
    (await session.gpu()).require().gpu.device.destroy();
    const failed = await until(statuses, phase('failed'));
    expect(failed.error?.code).toBe('device-lost');
    await session.run?.ended;
    expect(seen.some(({ event }) => event === 'device')).toBe(true);
  });

  test('a broken checkpoint is refused and the model stays', async ({ task }) => {
    Object.assign(task.meta, { backend: 'webgpu' });
    const { session, statuses } = open();
    await start(session, 1);
    await until(statuses, phase('finished'));
    await session.run?.ended;
    const before = session.model;
    await expect(session.load('x.safetensors', new Uint8Array(20))).rejects.toMatchObject({
      details: { place: { file: 'x.safetensors' } },
    });
    expect(session.model).toBe(before);
  });
});
