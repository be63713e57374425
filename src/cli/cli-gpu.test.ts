/** Training, testing and predicting on Dawn, from the shell. Skipped, with its reason, where there is no adapter. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readModelCheckpoint } from '../checkpoint/model-checkpoint.ts';
import { vocXml } from '../data/formats/voc/write-voc.ts';
import { createSampleDataset } from '../data/sample/sample-dataset.ts';
import { loadSampleArt } from '../data/sample/sample-art.node.ts';
import { runCli, startCli } from './testing-cli.ts';

const PRESET = 'retinanet/retinanet_r18_fpn_sample';

/** A model and a picture size that a software adapter computes in a moment. */
const TINY = `_base_: ${PRESET}
model:
  backbone: {base_channels: 8}
  neck: {in_channels: [8, 16, 32, 64], out_channels: 16}
  bbox_head: {in_channels: 16, feat_channels: 16, stacked_convs: 1}
train_dataloader: {batch_size: 2}
default_hooks: {checkpoint: {interval: 1}}
`;
const SMALL = ['train_dataloader.dataset.pipeline.2', 'val_dataloader.dataset.pipeline.1']
  .concat('test_dataloader.dataset.pipeline.1')
  .map((step) => `${step}.scale=(64,64)`);
const SIZE = ['--cfg-options', ...SMALL];

const doctorAnswer = z.strictObject({
  adapter: z.string().min(1),
  features: z.array(z.string()),
  limits: z.record(z.string(), z.number()),
  self_test: z.strictObject({ passed: z.int().positive(), failed: z.literal(0) }),
});
const finite = z.number();
const trainAnswer = z.strictObject({
  iterations: z.literal(3),
  last: z.strictObject({
    loss: finite,
    loss_cls: finite,
    loss_bbox: finite,
    grad_norm: finite,
    lr: finite,
  }),
  checkpoint: z.string(),
});
const counts = z.int().nonnegative();
const benchAnswer = z.strictObject({
  adapter: z.string().min(1),
  cases: z.array(
    z.strictObject({
      name: z.string().min(1),
      group: z.string().min(1),
      ours_ms: z.number(),
      min_ms: z.number(),
      max_ms: z.number(),
    }),
  ),
  geomean: z.strictObject({}),
  counters: z.record(
    z.string(),
    z.strictObject({
      dispatches: counts.positive(),
      submits: counts.positive(),
      readbacks: z.literal(0),
      create_buffers: counts,
      create_bind_groups: counts.positive(),
      buffer_writes: counts.positive(),
      js_ms: counts,
      peak_bytes: counts.positive(),
      kernels: z.record(z.string().min(1), counts.positive()),
    }),
  ),
});
const predictAnswer = z.array(
  z.strictObject({
    image: z.string(),
    detections: z.array(
      z.strictObject({
        bbox: z.tuple([finite, finite, finite, finite]),
        score: finite,
        label: z.int(),
        name: z.string(),
      }),
    ),
  }),
);

const doctor = await runCli(['doctor', '--json']);
const noAdapter = doctor.code !== 0 && doctor.stderr.includes('"no-adapter"');
if (noAdapter) console.warn(`skipped, no adapter: ${doctor.stderr}`);

let dir: string;
let config: string;
let data: string;
let work: string;

/** Four pictures of the sample as a VOC folder of its own: three to train on, one to test with. */
async function writeData(): Promise<void> {
  const sample = await createSampleDataset({ seed: 3, loadArt: loadSampleArt });
  for (const folder of ['Annotations', 'JPEGImages', 'ImageSets/Main']) {
    mkdirSync(join(data, folder), { recursive: true });
  }
  for (const index of [0, 1, 2, 3]) {
    const stem = `p${index}`;
    writeFileSync(join(data, `JPEGImages/${stem}.png`), await sample.readImage(index));
    writeFileSync(join(data, `Annotations/${stem}.xml`), vocXml(sample, index, `${stem}.png`));
  }
  writeFileSync(join(data, 'ImageSets/Main/train.txt'), 'p0\np1\np2\n');
  writeFileSync(join(data, 'ImageSets/Main/val.txt'), 'p3\n');
}

describe.skipIf(noAdapter)('the command line on a GPU', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'anchorage-cli-'));
    config = join(dir, 'tiny.yaml');
    data = join(dir, 'voc');
    work = join(dir, 'work');
    writeFileSync(config, TINY);
    await writeData();
  }, 120_000);

  afterAll(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it('doctor answers with an adapter that computes right', () => {
    expect(doctor.code).toBe(0);
    doctorAnswer.parse(JSON.parse(doctor.stdout));
  });

  it('bench counts every dispatch of a step under the name of its kernel, and few', async () => {
    const { code, stdout, stderr } = await runCli(['bench', 'retinanet_r50', '--json']);
    expect(code, stderr).toBe(0);
    const { counters } = benchAnswer.parse(JSON.parse(stdout));
    expect(Object.keys(counters)).toEqual(['retinanet_r50_fpn 512x512x2']);
    for (const { dispatches, kernels } of Object.values(counters)) {
      expect(Object.values(kernels).reduce((sum, n) => sum + n, 0)).toBe(dispatches);
      // 687 where a dispatch binds 10 buffers, a few more where it binds 8: each costs time that no faster GPU gives back.
      expect(dispatches).toBeLessThan(750);
    }
  });

  it('bench times operators by name or group, and knows no others', async () => {
    const { code, stdout, stderr } = await runCli(['bench', 'nms', '--json']);
    expect(code, stderr).toBe(0);
    const { cases } = benchAnswer.parse(JSON.parse(stdout));
    expect(cases.map(({ group }) => group)).toEqual(['nms', 'nms']);
    for (const { ours_ms: ms, min_ms: min, max_ms: max } of cases) {
      expect(min).toBeGreaterThan(0);
      expect(ms).toBeGreaterThanOrEqual(min);
      expect(max).toBeGreaterThanOrEqual(ms);
    }
    expect((await runCli(['bench', 'nothing-of-this-name'])).code).not.toBe(0);
  });

  it('trains, tests and predicts on a folder', async () => {
    const trained = await runCli([
      'train',
      config,
      '--data',
      data,
      '--work-dir',
      work,
      '--max-iters',
      '3',
      '--json',
      ...SIZE,
    ]);
    expect(trained.stderr).toContain('num_classes=');
    expect(trained.code, trained.stderr).toBe(0);
    const { checkpoint, last } = trainAnswer.parse(JSON.parse(trained.stdout));
    expect(last.loss).toBeCloseTo(last.loss_cls + last.loss_bbox, 4);
    expect(readFileSync(join(work, 'last_checkpoint'), 'utf8')).toBe(checkpoint);
    expect(readdirSync(work)).toEqual(
      expect.arrayContaining(['iter_1.safetensors', 'iter_2.safetensors', 'iter_3.safetensors']),
    );
    const stored = readModelCheckpoint(new Uint8Array(readFileSync(checkpoint)), checkpoint);
    expect(stored.meta).toMatchObject({ iter: 3, dataset: 'voc' });
    expect(stored.config).toContain(`num_classes: ${stored.classes.length}`);

    const out = join(dir, 'results.bbox.json');
    const tested = await runCli([
      'test',
      config,
      checkpoint,
      '--data',
      data,
      '--out',
      out,
      '--json',
      ...SIZE,
    ]);
    expect(tested.code, tested.stderr).toBe(0);
    const metrics = z.record(z.string(), z.number()).parse(JSON.parse(tested.stdout));
    expect(Object.keys(metrics)).toEqual(['pascal_voc/mAP', 'pascal_voc/AP50']);
    expect(tested.stderr).toContain('split: val, 1 images');
    expect(Array.isArray(JSON.parse(readFileSync(out, 'utf8')))).toBe(true);

    const image = join(data, 'JPEGImages/p3.png');
    const predicted = await runCli([
      'predict',
      config,
      checkpoint,
      image,
      '--score-thr',
      '0.001',
      '--json',
      ...SIZE,
    ]);
    expect(predicted.code, predicted.stderr).toBe(0);
    const [found] = predictAnswer.parse(JSON.parse(predicted.stdout));
    expect(found?.image).toBe(image);
    expect(found?.detections.length).toBeGreaterThan(0);
    for (const { bbox, name, label } of found?.detections ?? []) {
      expect(stored.classes[label]).toBe(name);
      expect(Math.min(...bbox)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...bbox)).toBeLessThanOrEqual(256);
    }
  });

  it('refuses a checkpoint of another model, and one that is no checkpoint', async () => {
    const checkpoint = join(work, 'iter_3.safetensors');
    const other = await runCli(['predict', PRESET, checkpoint, join(data, 'JPEGImages/p0.png')]);
    expect([other.code, other.stdout]).toEqual([1, '']);
    expect(other.stderr).toContain('not of this config');
    const broken = await runCli(['predict', PRESET, config, join(data, 'JPEGImages/p0.png')]);
    expect([broken.code, broken.stdout]).toEqual([1, '']);
    expect(broken.stderr).toContain('tiny.yaml');
  });

  it('saves its weights when it is interrupted, and exits with 130', async () => {
    const stopped = join(dir, 'stopped');
    const { child, result } = startCli([
      'train',
      config,
      '--data',
      data,
      '--work-dir',
      stopped,
      '--json',
      ...SIZE,
    ]);
    await expect
      .poll(() => existsSync(join(stopped, 'last_checkpoint')), { timeout: 120_000 })
      .toBe(true);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await result;
    expect([code, stdout]).toEqual([130, '']);
    const last = readFileSync(join(stopped, 'last_checkpoint'), 'utf8');
    expect(stderr).toContain(`the weights are in ${last}`);
    const { meta } = readModelCheckpoint(new Uint8Array(readFileSync(last)), last);
    expect(last).toContain(`iter_${meta?.iter ?? 0}.safetensors`);
  });

  it('fails when the loss is not finite, naming the step, with nothing on stdout', async () => {
    const rate = ['optim_wrapper.optimizer.lr=1e30', 'param_scheduler=[]'];
    const options = [...rate, 'optim_wrapper.clip_grad=None'];
    const where = ['--data', data, '--work-dir', join(dir, 'failed')];
    const much = [...where, '--max-iters', '12', '--json', ...SIZE, ...options];
    const { code, stdout, stderr } = await runCli(['train', config, ...much]);
    expect([code, stdout]).toEqual([1, '']);
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'loss-not-finite' },
    });
  });
});
