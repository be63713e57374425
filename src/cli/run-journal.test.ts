import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.ts';
import { nodeConfigFiles } from '../config/preset-files.node.ts';
import type { Config } from '../config/schema/config-schema.ts';
import type { RunPhase } from '../worker/protocol.ts';
import type { RunFolder } from './run-folder.ts';
import { RunJournal } from './run-journal.ts';

const KEYS = ['loss', 'loss_cls', 'loss_bbox', 'grad_norm', 'lr', 'time', 'data_time'];

function configOf(...overrides: string[]): Config {
  const preset = 'retinanet/retinanet_r18_fpn_sample';
  const { config, problems } = loadConfig(nodeConfigFiles(), preset, overrides);
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config;
}

function journalFor(plan: { config: Config; byEpoch: boolean; itersPerEpoch: number }) {
  const scalars: Record<string, number>[] = [];
  const log: string[] = [];
  const said: string[] = [];
  const iters: number[] = [];
  const folder = {
    scalars: (values: Record<string, number>) => scalars.push(values),
    log: (line: string) => log.push(line),
  } as unknown as RunFolder;
  const journal = new RunJournal({
    folder,
    plan,
    metricsInterval: 10,
    say: (line) => said.push(line),
    now: () => new Date(2023, 0, 5, 7, 8, 9),
    onIter: (iter) => iters.push(iter),
  });
  /** Steps `first` … `last`, each with its own number as the loss. */
  const step = (first: number, last: number): void => {
    const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    const values = Float64Array.from(numbers.flatMap((n) => [n, n / 2, n / 2, 1, 0.1 / n, 0.5, 0]));
    journal.sink('metrics', { runId: 'r', keys: KEYS, iters: Int32Array.from(numbers), values });
  };
  const phase = (name: RunPhase, iter: number): void => {
    journal.sink('run', {
      runId: 'r',
      name: '',
      phase: name,
      iter,
      maxIters: 100,
      epoch: 0,
      maxEpochs: 1,
      etaSeconds: 0,
      imagesPerSecond: 0,
      timeMs: 0,
      dataTimeMs: 0,
      gpuBytes: 3 * 2 ** 20,
    });
  };
  return { journal, scalars, log, said, iters, step, phase };
}

describe('the journal of a run', () => {
  it('writes one scalar line per interval: means of the window, the last learning rate', () => {
    const plan = { config: configOf(), byEpoch: false, itersPerEpoch: 64 };
    const { journal, scalars, step, phase } = journalFor(plan);
    phase('running', 1);
    step(1, 4);
    step(5, 12);
    expect(scalars).toHaveLength(1);
    expect(scalars[0]).toEqual({
      lr: 0.1 / 10,
      data_time: 0,
      grad_norm: 1,
      loss: 5.5,
      loss_cls: 2.75,
      loss_bbox: 2.75,
      time: 0.5,
      iter: 10,
      memory: 3,
      step: 10,
    });
    journal.close();
    expect(scalars[1]).toMatchObject({ loss: 11.5, iter: 12, step: 12 });
    journal.close();
    expect(scalars).toHaveLength(2);
  });

  it('logs at the config’s interval and counts epochs from one', () => {
    const config = configOf('default_hooks.logger.interval=20');
    const { scalars, step } = journalFor({ config, byEpoch: true, itersPerEpoch: 20 });
    step(1, 40);
    expect(scalars.map(({ iter, epoch }) => [iter, epoch])).toEqual([
      [20, 1],
      [40, 2],
    ]);
  });

  it('tells of steps only while the run runs', () => {
    const plan = { config: configOf(), byEpoch: false, itersPerEpoch: 64 };
    const { journal, iters, phase } = journalFor(plan);
    phase('preparing', 0);
    phase('running', 1);
    phase('pausing', 1);
    phase('paused', 1);
    phase('failed', 1);
    expect(iters).toEqual([1]);
    expect(journal.status?.phase).toBe('failed');
  });

  it('says each line dated, in the log too, and problems once by kind', () => {
    const plan = { config: configOf(), byEpoch: false, itersPerEpoch: 64 };
    const { journal, log, said } = journalFor(plan);
    journal.sink('log', { level: 'info', line: 'Iter(train) [1/2]' });
    for (const file of ['a.jpg', 'b.jpg']) {
      journal.sink('problem', {
        code: 'image-truncated',
        severity: 'warning',
        file,
        detail: 'Half of it is missing.',
        repair: 'The rest is grey.',
      });
    }
    journal.close();
    expect(said).toEqual(log);
    expect(said).toEqual([
      '2023/01/05 07:08:09 - mmengine - INFO - Iter(train) [1/2]',
      '2023/01/05 07:08:09 - mmengine - WARNING - data warning: image-truncated (2 times, the first:) a.jpg: Half of it is missing. The rest is grey.',
    ]);
  });
});
