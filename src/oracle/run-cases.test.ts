import { describe, expect, it } from 'vitest';
import { parseCasepack } from '../ops/oracle/parse-casepack.ts';
import { opAdapter } from './op-adapter.ts';
import type { OpAdapter, Outputs } from './op-adapter.ts';
import { casesOf } from './oracle-input.ts';
import { packCases } from './pack-cases.ts';
import { describeReport, reportOf, runCases } from './run-cases.ts';

const NO_BYTES = new ArrayBuffer(0);

/** An op that doubles x, wrongly where the case says so. */
const double: OpAdapter = opAdapter({
  op: 'double',
  input: (c) => ({ x: c.values('x'), factor: c.has('factor') ? c.number('factor') : 2 }),
  run: ({ x, factor }): Promise<Outputs> => Promise.resolve({ y: x.map((v) => v * factor) }),
  outOfScope: (c) => (c.has('complex') ? 'complex numbers' : undefined),
  results: { y: 'close', z: 'exact' },
});

const floats = (...data: (number | string)[]) => ({ $t: 'f32', shape: [data.length], data });

function run(...cases: readonly Readonly<Record<string, unknown>>[]) {
  const packed = parseCasepack({ format: 'casepack-1', cases }, NO_BYTES, 'pack');
  return runCases('pack.json', packCases(packed, [double]), 'reference');
}

describe('runCases', () => {
  it('passes what is right and says how close it was', async () => {
    const [result] = await run({ op: 'double', name: 'a', x: floats(1, 2), y: floats(2, 4) });
    expect(result).toEqual({
      file: 'pack.json',
      op: 'double',
      name: 'a',
      status: 'passed',
      worst: 0,
    });
  });

  it('fails what is wrong, and names key, element and values', async () => {
    const [result] = await run({ op: 'double', name: 'a', x: floats(1, 2), y: floats(2, 5) });
    expect(result).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('y: 1 of 2'),
    });
    expect(result?.worst).toBeGreaterThan(1);
  });

  it('fails an unknown op by its name', async () => {
    const [result] = await run({ op: 'triple', name: 'a' });
    expect(result).toMatchObject({ op: 'triple', status: 'failed', detail: 'unknown op "triple"' });
  });

  it('skips what is beyond the engine, and says why', async () => {
    const [result] = await run({ op: 'double', name: 'a', complex: true });
    expect(result).toMatchObject({ status: 'skipped', detail: 'complex numbers' });
  });

  it('fails a case that cannot be read, that has nothing to compare, and whose result is not computed', async () => {
    const results = await run(
      { op: 'double', name: 'unreadable', x: 'five', y: floats(1) },
      { op: 'double', name: 'empty', x: floats(1) },
      { op: 'double', name: 'more', x: floats(1), z: floats(1) },
    );
    expect(results.map(({ status, detail }) => [status, detail])).toEqual([
      ['failed', expect.stringContaining('unreadable.x')],
      ['failed', 'nothing was compared'],
      ['failed', 'z is in the case but is not computed'],
    ]);
  });

  it('takes a case’s own tolerance, and 0 for a NaN where the case allows it', async () => {
    const off = { op: 'double', x: floats(1), y: floats(2.001) };
    const nan = { op: 'double', x: floats(0), y: floats('NaN') };
    const results = await run(
      { ...off, name: 'off' },
      { ...off, name: 'tol', tol: 1e-3 },
      { ...nan, name: 'NaN' },
      { ...nan, name: 'nan_ok', nan_ok: true },
    );
    expect(results.map(({ status }) => status)).toEqual(['failed', 'passed', 'failed', 'passed']);
    // No share of what is allowed says how far a NaN is off.
    expect(results[2]?.worst).toBeNull();
  });
});

describe('reportOf and describeReport', () => {
  it('counts, and lists what did not pass before the counts', async () => {
    const report = reportOf(
      await run(
        { op: 'double', name: 'good', x: floats(1), y: floats(2) },
        { op: 'double', name: 'bad', x: floats(1), y: floats(3) },
        { op: 'double', name: 'far', complex: true },
      ),
    );
    expect(report).toMatchObject({ passed: 1, failed: 1, skipped: 1 });
    const lines = describeReport(report).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^failed pack\.json: double bad: y/);
    expect(lines[1]).toBe('skipped pack.json: double far: complex numbers');
    expect(lines[2]).toBe('1 passed, 1 failed, 1 skipped');
  });
});

describe('casesOf', () => {
  it('gives a case that fails for a file that is not what its name says', async () => {
    const { cases } = casesOf({ kind: 'page', file: 'losses.json', page: 'losses', document: [] });
    const [result] = await runCases('losses.json', cases, 'reference');
    expect(result).toMatchObject({ op: 'page', name: 'reading', status: 'failed' });
  });

  it('skips a page that nobody knows by its name', async () => {
    const { cases } = casesOf({ kind: 'page', file: 'x.json', page: 'recipes', document: {} });
    const [result] = await runCases('x.json', cases, 'reference');
    expect(result).toMatchObject({ op: 'recipes', status: 'skipped' });
  });
});
