import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readWithBases } from './bases.ts';
import { applyCfgOptions, parseCfgValue } from './cfg-options.ts';
import { toPlain } from './config-node.ts';
import type { ConfigFiles } from './preset-files.ts';

const ORACLE = '../shared/oracle/mmdet/config_merge.json';

interface MergeOracle {
  cases: {
    name: string;
    options: Record<string, unknown> | null;
    result?: Record<string, unknown>;
    error?: string;
  }[];
  dict_action: Record<string, { value: unknown; is_tuple: boolean }>;
}

// The Python files of the oracle, written as YAML.
const TEXTS: Record<string, string> = {
  'base_a.yaml':
    'model: {type: A, backbone: {depth: 50, out: !!python/tuple [0, 1]}, neck: {type: FPN, n: 5}, lst: [1, 2]}\nscale: !!python/tuple [1333, 800]\n',
  'base_b.yaml': 'runner: {type: EpochBasedRunner, max_epochs: 12}\nopt: {type: SGD, lr: 0.02}\n',
};
const A = '_base_: ./base_a.yaml\n';
const B = '_base_: ./base_b.yaml\n';
const AB = '_base_: [./base_a.yaml, ./base_b.yaml]\n';

const CHILDREN: Record<string, string> = {
  'deep merge': `${AB}model: {backbone: {depth: 101}}\n`,
  'list replaced whole': `${A}model: {lst: [9]}\n`,
  _delete_: `${AB}model: {neck: {_delete_: true, type: PAFPN}}\nrunner: {_delete_: true, type: IterBasedRunner, max_iters: 100}\n`,
  '_delete_ on a key absent from base stays in the result': `${B}newkey: {_delete_: true, x: 1}\n`,
  'dict over non-dict is an error': `${A}model: {lst: {a: 1}}\n`,
  'duplicate keys among bases': '_base_: [./base_a.yaml, ./base_a.yaml]\n',
  'scalar over dict replaces': `${A}model: {neck: null}\n`,
  '{{_base_.x}} substitution': `${A}pipe:\n  - {type: Resize, scale: {{_base_.scale}}}\n  - bb: '{{ _base_.model.backbone }}'\n`,
  '{{ fileBasenameNoExtension }}': `${B}work_dir: './work_dirs/{{ fileBasenameNoExtension }}'\n`,
  'cfg-options dotted + new nested key': AB,
  'cfg-options list index into list of dicts': 'pipe: [{type: A, p: 1}, {type: B, p: 2}]\n',
  'cfg-options list index whose parent element is a scalar is an error': A,
  'cfg-options replaces whole list': A,
};
/** Where we deviate, and to what: `_delete_` never stays. */
const OURS: Record<string, unknown> = {
  '_delete_ on a key absent from base stays in the result': {
    runner: { type: 'EpochBasedRunner', max_epochs: 12 },
    opt: { type: 'SGD', lr: 0.02 },
    newkey: { x: 1 },
  },
};
/** Python only: YAML has no statements. */
const PYTHON_ONLY = ['_base_ attribute access (mmengine only)'];
const ERROR_CODES: Record<string, string> = {
  'dict over non-dict is an error': 'config-dict-over-value',
  'duplicate keys among bases': 'config-duplicate-base-key',
  'cfg-options list index whose parent element is a scalar is an error': 'config-option',
};

const files: ConfigFiles = { read: (path) => TEXTS[path], list: () => Object.keys(TEXTS) };

function run(name: string, options: Record<string, unknown> | null) {
  const text = CHILDREN[name] ?? '';
  const read = readWithBases(files, { name: 'child.yaml', text });
  if (read.root === undefined) return { codes: read.problems.map(({ code }) => code) };
  const given = Object.entries(options ?? {}).map(
    ([key, value]) => `${key}=${JSON.stringify(value)}`,
  );
  const { root, problems } = applyCfgOptions(read.root, given);
  return { plain: toPlain(root), codes: [...read.problems, ...problems].map(({ code }) => code) };
}

describe.skipIf(!existsSync(ORACLE))('MMEngine config merging (../shared/oracle)', () => {
  const oracle: MergeOracle = existsSync(ORACLE)
    ? JSON.parse(readFileSync(ORACLE, 'utf8'))
    : { cases: [], dict_action: {} };

  it('covers every case of the oracle', () => {
    const names = oracle.cases.map(({ name }) => name);
    expect([...Object.keys(CHILDREN), ...PYTHON_ONLY].toSorted()).toEqual(names.toSorted());
  });

  it.each(Object.keys(CHILDREN))('%s', (name) => {
    const wanted = oracle.cases.find((candidate) => candidate.name === name);
    const got = run(name, wanted?.options ?? null);
    if (wanted?.error !== undefined) {
      expect(got.codes).toContain(ERROR_CODES[name]);
      return;
    }
    expect(got.codes).toEqual([]);
    expect(got.plain).toEqual(OURS[name] ?? wanted?.result);
  });

  it.each(Object.entries(oracle.dict_action))('option value %s', (text, wanted) => {
    const node = parseCfgValue(text);
    expect(node === undefined ? undefined : toPlain(node)).toEqual(wanted.value);
    expect(node?.kind === 'list' && node.isTuple).toBe(wanted.is_tuple);
  });
});
