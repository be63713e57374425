import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runCli } from './testing-cli.ts';

const ORACLE = resolve('../shared/oracle');

const report = z.strictObject({
  passed: z.int(),
  failed: z.int(),
  skipped: z.int(),
  cases: z.array(
    z.strictObject({
      file: z.string(),
      op: z.string(),
      name: z.string(),
      status: z.enum(['passed', 'failed', 'skipped']),
      detail: z.string().optional(),
      worst: z.number().nullable().optional(),
    }),
  ),
});

const clip = {
  op: 'clip_boxes',
  name: 'a box',
  boxes: { $t: 'f32', shape: [1, 4], data: [-1, 2, 30, 40] },
  height: 10,
  width: 20,
};

describe('oracle', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'oracle-'));
    const out = (...data: number[]) => ({ out: { $t: 'f32', shape: [1, 4], data } });
    const write = (name: string, cases: unknown[]) =>
      writeFile(join(folder, name), JSON.stringify({ format: 'casepack-1', cases }));
    await write('good.json', [{ ...clip, ...out(0, 2, 20, 10) }]);
    await write('bad.json', [
      { ...clip, ...out(0, 2, 20, 11) },
      { op: 'teleport', name: 'x' },
    ]);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const reference = (...args: string[]) => runCli(['oracle', ...args, '--backend', 'reference']);

  it('exits with 0 when nothing failed, and counts on the last line', async () => {
    const { code, stdout } = await reference(join(folder, 'good.json'));
    expect(code).toBe(0);
    expect(stdout.trim().split('\n').at(-1)).toBe('1 passed, 0 failed, 0 skipped');
  });

  it('exits with 1 when a case failed, and answers all the same', async () => {
    const { code, stdout, stderr } = await reference(folder, '--json');
    expect(code).toBe(1);
    const answer = report.parse(JSON.parse(stdout));
    expect(answer).toMatchObject({ passed: 1, failed: 2, skipped: 0 });
    expect(answer.cases.map(({ op, status }) => [op, status])).toEqual([
      ['clip_boxes', 'failed'],
      ['teleport', 'failed'],
      ['clip_boxes', 'passed'],
    ]);
    expect(stderr).toContain('unknown op "teleport"');
  });

  it.each<{ args: readonly string[]; words: string; exit: number }>([
    { args: [], words: 'PATH', exit: 2 },
    { args: ['x', '--backend', 'cuda'], words: 'webgpu or reference', exit: 2 },
    { args: ['no/such/file.json'], words: 'no/such/file.json', exit: 1 },
  ])('$args exits with $exit and says why', async ({ args, words, exit }) => {
    const { code, stdout, stderr } = await runCli(['oracle', ...args]);
    expect([code, stdout]).toEqual([exit, '']);
    expect(stderr).toContain(words);
  });

  it('says that a folder holds nothing to run', async () => {
    const { code, stderr } = await reference(resolve('docs/adr'));
    expect(code).toBe(1);
    expect(stderr).toContain('nothing to run');
  });

  it.skipIf(!existsSync(ORACLE))(
    'passes a whole model of ../shared/oracle on the slow twins',
    async () => {
      const { code, stdout } = await reference(`${ORACLE}/models/mm_fasterrcnn_r26w8`, '--json');
      const { cases } = report.parse(JSON.parse(stdout));
      expect(cases.filter(({ status }) => status !== 'passed')).toEqual([]);
      expect(cases.map(({ op }) => op)).toContain('train_internals');
      expect(code).toBe(0);
    },
    240_000,
  );

  it.skipIf(!existsSync(ORACLE))(
    'passes every operator and page of ../shared/oracle on the slow twins',
    async () => {
      const { code, stdout } = await reference(`${ORACLE}/ops`, `${ORACLE}/mmdet`, '--json');
      const { cases, ...counts } = report.parse(JSON.parse(stdout));
      expect(cases.filter(({ status }) => status === 'failed')).toEqual([]);
      expect(cases.filter(({ file }) => file.includes('/ops/')).length).toBe(140);
      expect(counts.passed).toBeGreaterThan(280);
      expect(code).toBe(0);
      for (const { status, detail } of cases) {
        if (status === 'skipped') expect(detail).toMatch(/\w/);
      }
    },
    240_000,
  );
});
