import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { COMMANDS, NOT_BUILT } from './commands/list.ts';
import { runCli } from './testing-cli.ts';

const PRESET = 'retinanet/retinanet_r18_fpn_sample';
const BCCD = resolve('../shared/datasets/bccd_voc');

const inspection = z.strictObject({
  format: z.string(),
  images: z.int(),
  annotations: z.int(),
  classes: z.array(z.strictObject({ name: z.string(), count: z.int() })),
  splits: z.record(z.string(), z.int()),
  problems: z.array(
    z.strictObject({
      code: z.string(),
      severity: z.enum(['error', 'warning', 'info']),
      file: z.string(),
      line: z.int().optional(),
      detail: z.string(),
      repair: z.string(),
    }),
  ),
});

const failure = z.strictObject({ error: z.looseObject({ code: z.string(), what: z.string() }) });

/** The last line of a text as JSON. */
function lastLine(text: string): unknown {
  return JSON.parse(text.trim().split('\n').at(-1) ?? '');
}

describe('a wrong call', () => {
  it.each<{ args: readonly string[]; words: string }>([
    { args: [], words: 'usage:' },
    { args: ['trian'], words: 'Did you mean train?' },
    { args: ['convert'], words: 'convert is not built yet' },
    { args: ['bench', 'fcos_r999'], words: 'no operator or step is called fcos_r999' },
    { args: ['train', PRESET], words: '--work-dir is missing' },
    { args: ['train', PRESET, '--wrok-dir', 'x'], words: 'Did you mean --work-dir?' },
    { args: ['train', PRESET, '--work-dir', 'x', '--resume'], words: '--resume is not built yet' },
    { args: ['test', PRESET, 'x', '--show-dir', 'y'], words: '--show-dir is not built yet' },
    { args: ['print-config', PRESET, '--as', 'toml'], words: 'yaml, py, json' },
  ])('$args exits with 2, says why, and prints nothing', async ({ args, words }) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(stderr).toContain(words);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

it('no command of the contract is both there and said not to be built', () => {
  const names = [...COMMANDS.map(({ name }) => name), ...NOT_BUILT];
  expect(new Set(names).size).toBe(names.length);
  expect(names).toHaveLength(12);
});

describe('help', () => {
  it('lists every command and explains each', async () => {
    const all = await runCli(['--help']);
    expect(all.code).toBe(0);
    for (const { name } of COMMANDS) expect(all.stdout).toContain(`  ${name}`);
    const one = await runCli(['train', '--help']);
    expect(one.code).toBe(0);
    expect(one.stdout).toMatch(/--cfg-options KEY=VALUE …\s+change/);
  });
});

describe('print-config', () => {
  it('prints the merged config as YAML, alone on stdout', async () => {
    const args = ['print-config', PRESET, '--cfg-options', 'train_cfg.max_iters=1300'];
    const { code, stdout } = await runCli([...args, 'optim_wrapper.optimizer.lr=1e-3']);
    expect(code).toBe(0);
    const config: unknown = parse(stdout, { logLevel: 'error' });
    expect(config).toMatchObject({
      train_cfg: { max_iters: 1300 },
      optim_wrapper: { optimizer: { lr: 0.001 } },
      model: { type: 'RetinaNet', backbone: { depth: 18 } },
    });
  });

  it('prints the same as one JSON document and as Python', async () => {
    const json = await runCli(['print-config', PRESET, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ model: { bbox_head: { num_classes: 8 } } });
    const python = await runCli(['print-config', `configs/${PRESET}.yaml`, '--as', 'py']);
    expect(python.stdout).toMatch(/^model = dict\(/m);
  });

  it('answers a broken config with every error on stderr, the first as the command’s', async () => {
    const args = ['print-config', PRESET, '--json', '--cfg-options', 'modle=1', 'trian_cfg=2'];
    const { code, stdout, stderr } = await runCli(args);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(failure.parse(lastLine(stderr)).error.code).toMatch(/^config-/);
    expect(stderr).toContain('modle');
    expect(stderr).toContain('trian_cfg');
  });
});

describe('inspect-data', () => {
  it('describes the sample', async () => {
    const { code, stdout } = await runCli(['inspect-data', 'sample', '--json']);
    expect(code).toBe(0);
    const found = inspection.parse(JSON.parse(stdout));
    expect(found).toMatchObject({ format: 'sample', images: 576, splits: { train: 512, val: 64 } });
    const total = found.classes.reduce((sum, { count }) => sum + count, 0);
    expect(total).toBe(found.annotations);
  });

  it.skipIf(!existsSync(BCCD))('describes a VOC folder as its files count', async () => {
    const { code, stdout, stderr } = await runCli(['inspect-data', BCCD, '--json']);
    expect(code).toBe(0);
    expect(inspection.parse(JSON.parse(stdout))).toMatchObject({
      format: 'voc',
      images: 364,
      annotations: 4888,
      classes: [
        { name: 'Platelets', count: 361 },
        { name: 'RBC', count: 4155 },
        { name: 'WBC', count: 372 },
      ],
    });
    // The summary for people moves to stderr.
    expect(stderr).toContain('364 images');
  });

  it('names the folder that is not there', async () => {
    const { code, stdout, stderr } = await runCli(['inspect-data', 'no/such/folder']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('no/such/folder');
  });
});

describe('doctor', () => {
  it('says what to do where there is no adapter, and exits with 1', async () => {
    const noDriver = { VK_DRIVER_FILES: '/no/such/driver.json', ANCHORAGE_VULKAN_SET: '1' };
    const { code, stdout, stderr } = await runCli(['doctor', '--json'], noDriver);
    expect([code, stdout]).toEqual([1, '']);
    expect(failure.parse(lastLine(stderr)).error).toMatchObject({
      code: 'no-adapter',
      action: expect.stringContaining('Chromium'),
    });
  });
});
