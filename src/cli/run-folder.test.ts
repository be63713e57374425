import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mmengineLine, RunFolder, runTimestamp } from './run-folder.ts';

const TIME = new Date(2023, 0, 5, 7, 8, 9);
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'anchorage-run-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

describe('a run folder', () => {
  it('is named and dated as MMEngine does', () => {
    expect(runTimestamp(TIME)).toBe('20230105_070809');
    expect(mmengineLine(TIME, 'warning', 'x')).toBe('2023/01/05 07:08:09 - mmengine - WARNING - x');
  });

  it('has its files where MMEngine’s tools look for them', () => {
    const folder = new RunFolder(join(dir, 'deep/work'), TIME);
    folder.log('first');
    folder.log('second');
    folder.scalars({ loss: 1.5, step: 1 });
    folder.scalars({ loss: 0.25, step: 2 });
    folder.writeConfig('a: 1\n');
    const run = join(dir, 'deep/work/20230105_070809');
    expect(readFileSync(join(run, '20230105_070809.log'), 'utf8')).toBe('first\nsecond\n');
    expect(readFileSync(join(run, 'vis_data/scalars.json'), 'utf8')).toBe(
      '{"loss":1.5,"step":1}\n{"loss":0.25,"step":2}\n',
    );
    expect(readFileSync(join(run, 'vis_data/config.yaml'), 'utf8')).toBe('a: 1\n');
  });

  it('points last_checkpoint at the newest file and keeps as many as asked, of this run only', () => {
    new RunFolder(dir, TIME).saveCheckpoint(7, Uint8Array.of(7), -1);
    const folder = new RunFolder(dir, TIME);
    for (const iter of [10, 20, 20, 30]) folder.saveCheckpoint(iter, Uint8Array.of(iter), 2);
    const files = readdirSync(dir).filter((name) => name.startsWith('iter_'));
    expect(files.toSorted()).toEqual([
      'iter_20.safetensors',
      'iter_30.safetensors',
      'iter_7.safetensors',
    ]);
    const last = readFileSync(join(dir, 'last_checkpoint'), 'utf8');
    expect(last).toBe(join(dir, 'iter_30.safetensors'));
    expect([...readFileSync(last)]).toEqual([30]);
  });

  it('leaves the former last_checkpoint and nothing half written when a write fails', () => {
    const folder = new RunFolder(dir, TIME);
    folder.saveCheckpoint(1, Uint8Array.of(1), -1);
    rmSync(join(dir, 'iter_1.safetensors'));
    // A folder in the way of the file: the rename fails, as it would on a full or read-only disk.
    new RunFolder(join(dir, 'iter_2.safetensors'), TIME);
    expect(() => folder.saveCheckpoint(2, Uint8Array.of(2), -1)).toThrow();
    expect(readFileSync(join(dir, 'last_checkpoint'), 'utf8')).toContain('iter_1.');
    expect(existsSync(join(dir, 'iter_2.safetensors.part'))).toBe(false);
  });
});
