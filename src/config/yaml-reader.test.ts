import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromPlain, toPlain } from './config-node.ts';
import type { ConfigNode, Plain } from './config-node.ts';
import { printYaml } from './print-yaml.ts';
import { pythonFloat, readYaml } from './yaml-reader.ts';

const PLACE = { file: 'x', line: 0, column: 0 };
const read = (text: string) => readYaml(text, 'x.yaml');
const plain = (text: string): Plain | undefined => {
  const { root } = read(text);
  return root === undefined ? undefined : toPlain(root);
};
const nodeOf = (text: string): ConfigNode | undefined =>
  read(`a: ${text}`).root?.entries.get('a')?.value;

describe('readYaml', () => {
  it('keeps places, tuples and the difference of int and float', () => {
    expect(read('a:\n  b: [1, 2]\n').root?.entries.get('a')?.value.place).toEqual({
      file: 'x.yaml',
      line: 2,
      column: 3,
    });
    expect(nodeOf('!!python/tuple [1, 2]')).toMatchObject({ kind: 'list', isTuple: true });
    expect(nodeOf('[1, 2]')).toMatchObject({ isTuple: false });
    expect(nodeOf('0')).toMatchObject({ value: 0, isFloat: false });
    expect(nodeOf('0.0')).toMatchObject({ value: 0, isFloat: true });
    expect(nodeOf('-1')).toMatchObject({ value: -1, isFloat: false });
    expect(nodeOf('1.0e-3')).toMatchObject({ value: 0.001, isFloat: true });
    expect(nodeOf('.inf')).toMatchObject({ value: Infinity, isFloat: true });
    expect(nodeOf('0x1e')).toMatchObject({ value: 30, isFloat: false });
  });

  it('reads words as PyYAML does', () => {
    expect(
      plain('a: yes\nb: off\nc: True\nd: y\ne: n\nf: ~\ng: null\nh: 2024-01-01\ni: "yes"'),
    ).toEqual({
      a: true,
      b: false,
      c: true,
      d: 'y',
      e: 'n',
      f: null,
      g: null,
      h: '2024-01-01',
      i: 'yes',
    });
  });

  it('warns of a float that PyYAML would take for text, and reads it', () => {
    const { root, problems } = read('lr: 1e-3\n');
    expect(root && toPlain(root)).toEqual({ lr: 0.001 });
    expect(problems).toMatchObject([
      { severity: 'warning', code: 'config-float-without-point', place: { line: 1, column: 5 } },
    ]);
  });

  it('follows anchors and merge keys', () => {
    expect(
      plain('a: &x {p: 1, q: 2}\nb: *x\nc: {<<: *x, q: 3}\nd: {<<: [*x, {p: 9, r: 4}]}\n'),
    ).toEqual({
      a: { p: 1, q: 2 },
      b: { p: 1, q: 2 },
      c: { p: 1, q: 3 },
      d: { p: 1, q: 2, r: 4 },
    });
  });

  it.each(['', '\n', '# only a comment\n', '---\n', 'null\n'])(
    'takes %j for an empty config',
    (text) => {
      expect(plain(text)).toEqual({});
    },
  );

  it.each([
    ['- 1\n- 2\n', 'config-not-a-map'],
    ['just words\n', 'config-not-a-map'],
    ['a: [1\n', 'config-syntax'],
    ['a: 1\na: 2\n', 'config-duplicate-key'],
    ['a: *nowhere\n', 'config-syntax'],
    ['? [1, 2]\n: 3\n', 'config-syntax'],
    ['a: !!python/object/new:os.system [x]\n', 'config-syntax'],
    ['a: 1\n---\nb: 2\n', 'config-syntax'],
    ['a: {<<: 3}\n', 'config-syntax'],
    ['a: "unclosed\n', 'config-syntax'],
  ])('refuses %j', (text, code) => {
    const { root, problems } = read(text);
    expect(root).toBeUndefined();
    expect(problems[0]?.code).toBe(code);
  });

  it('refuses an alias bomb, a deep nest and a huge text without hanging', () => {
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++) {
      bomb.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`);
    }
    for (const text of [
      bomb.join('\n'),
      `a: ${'['.repeat(500)}${']'.repeat(500)}`,
      `a: ${'x'.repeat(2e6)}`,
    ]) {
      const { root, problems } = read(text);
      expect(root).toBeUndefined();
      expect(problems[0]?.code).toMatch(/^config-(too-large|syntax)$/);
    }
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: fc.constantFrom(...'a:-[]{}&*!|>#"\', \n\t?<%@`'.split('')) }),
        ),
        (text) => {
          const { root, problems } = read(text);
          expect(root === undefined).toBe(problems.some(({ severity }) => severity === 'error'));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('printYaml', () => {
  it('lays out sections, lists and tuples as the presets are written', () => {
    const text = [
      'model:',
      '  type: RetinaNet',
      '  ratios: [0.5, 1.0, 2.0]',
      '  empty: {}',
      'pipeline:',
      '  - type: Resize',
      '    scale: !!python/tuple [1333, 800]',
      '  - type: PackDetInputs',
      'nested: [[1, 2], [3]]',
      'lr: 1.0e-07',
      'name: "no"',
      'path: data/coco/',
      'weights: torchvision://resnet50',
      '',
    ].join('\n');
    const { root } = read(text);
    expect(root && printYaml(root)).toBe(text);
  });

  const value: fc.Arbitrary<Plain> = fc.letrec<{ any: Plain }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.string(),
      fc.string({
        unit: fc.constantFrom(
          ...'yesnoYNTFtrue~.-+0123456789eE:# ,[]{}&*!|>%@`\'"\n\t\\'.split(''),
        ),
      }),
      fc.constantFrom(
        'yes',
        'No',
        'y',
        'null',
        '~',
        '1e3',
        '1_000',
        '0x1F',
        '1:30',
        '.inf',
        '=',
        '<<',
        '- a',
        '2001-01-01',
        'é',
        '✓',
      ),
      fc.integer(),
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.string({ minLength: 1 }), tie('any'), { maxKeys: 4 }),
    ),
  })).any;

  it('is read back to the same values', () => {
    const config = fc.dictionary(fc.string(), value).filter((object) => !('<<' in object));
    fc.assert(
      fc.property(config, (object) => {
        const node = fromPlain(object, PLACE);
        if (node.kind !== 'map') throw new Error('not a map');
        const printed = printYaml(node);
        const again = readYaml(printed, 'again');
        expect(again.problems, printed).toEqual([]);
        expect(again.root && toPlain(again.root)).toEqual(normal(object));
      }),
      { numRuns: 400 },
    );
  });
});

// Texts have no negative zero, and own `__proto__` keys survive.
function normal(value: Plain): Plain {
  if (typeof value === 'number') return value === 0 ? 0 : value;
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, normal(item)]));
}

describe('pythonFloat', () => {
  it('has a point and a signed exponent', () => {
    expect([1, 0.01, 1e-7, 1.5e22, -0.5, 1e21].map(pythonFloat)).toEqual([
      '1.0',
      '0.01',
      '1.0e-07',
      '1.5e+22',
      '-0.5',
      '1.0e+21',
    ]);
  });
});
