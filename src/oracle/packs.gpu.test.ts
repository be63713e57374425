import { describe, expect, test } from 'vitest';
import { describeOnGpu, gpuTest } from '../ops/host/describe-on-backends.ts';
import { readCasepack, readOracleJson } from '../ops/oracle/casepack.ts';
import { judge } from './judge.ts';
import { OP_ADAPTERS } from './ops/list.ts';
import type { Backend, OracleCase } from './oracle-case.ts';
import { packCases } from './pack-cases.ts';
import { PAGES } from './pages/list.ts';

/** The cases of every pack of oracle/ops and page of oracle/mmdet on both backends, judged as `cli oracle` judges them. */
const PACKS = ['anchors', 'assign', 'boxes', 'losses', 'nms', 'nn', 'optim', 'roi_align'];

const found: { readonly file: string; readonly cases: readonly OracleCase[] | undefined }[] = [];
for (const pack of PACKS) {
  const packed = await readCasepack(`ops/${pack}`);
  found.push({ file: `ops/${pack}`, cases: packed && packCases(packed, OP_ADAPTERS) });
}
for (const { page, cases } of PAGES) {
  const document = await readOracleJson(`mmdet/${page}.json`);
  found.push({
    file: `mmdet/${page}`,
    cases: document === undefined ? undefined : cases(document),
  });
}

async function check(item: OracleCase, backend: Backend): Promise<void> {
  const verdicts = (await item.compare(backend)).map(judge);
  expect(verdicts.length).toBeGreaterThan(0);
  expect(verdicts.flatMap(({ problem }) => problem ?? [])).toEqual([]);
}

for (const { file, cases } of found) {
  if (cases === undefined) {
    test.skip(`../shared/oracle/${file} is absent`, () => {});
    continue;
  }
  const within = cases.filter(({ outOfScope }) => outOfScope === undefined);
  if (within.length === 0) continue;
  describe(file, () => {
    for (const item of within) {
      test(`${item.op} ${item.name} (reference)`, () => check(item, 'reference'));
    }
    describeOnGpu(file, () => {
      for (const item of within) gpuTest(`${item.op} ${item.name}`, () => check(item, 'webgpu'));
    });
  });
}
