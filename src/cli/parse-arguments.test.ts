import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from './command.ts';
import { parseArguments } from './parse-arguments.ts';

const COMMAND = {
  name: 'train',
  positionals: ['CONFIG'],
  options: {
    'work-dir': { type: 'string', value: 'DIR', help: '' },
    'max-iters': { type: 'string', value: 'N', help: '' },
    'score-thr': { type: 'string', value: 'T', help: '' },
    resume: { type: 'boolean', help: '' },
    'cfg-options': { type: 'string', multiple: true, value: 'K=V', help: '' },
  },
} as const;

describe('arguments', () => {
  it('reads values, switches and numbers', () => {
    const args = parseArguments(COMMAND, [
      'a.yaml',
      '--work-dir=out',
      '--max-iters',
      '12',
      '--resume',
    ]);
    expect(args.positionals).toEqual(['a.yaml']);
    expect(args.text('work-dir')).toBe('out');
    expect(args.integer('max-iters', 1)).toBe(12);
    expect(args.integer('score-thr', 1)).toBeUndefined();
    expect(args.flag('resume')).toBe(true);
    expect(args.flag('json')).toBe(false);
  });

  it('takes several --cfg-options after one flag, before and after the positionals', () => {
    for (const argv of [
      ['a.yaml', '--cfg-options', 'x=1', 'y.z=[1,2]', '--resume'],
      ['--cfg-options', 'x=1', 'y.z=[1,2]', 'a.yaml', '--resume'],
      ['--cfg-options', 'x=1', '--resume', 'a.yaml', '--cfg-options=y.z=[1,2]'],
    ]) {
      const args = parseArguments(COMMAND, argv);
      expect(args.positionals).toEqual(['a.yaml']);
      expect(args.texts('cfg-options')).toEqual(['x=1', 'y.z=[1,2]']);
      expect(args.flag('resume')).toBe(true);
    }
  });

  it.each([
    [['a.yaml', '--wrok-dir', 'x'], 'Did you mean --work-dir?'],
    [['a.yaml', '--cfg-option', 'x=1'], 'Did you mean --cfg-options?'],
    [['a.yaml', '--work-dir'], 'work-dir'],
    [['a.yaml', '--cfg-options'], 'cfg-options'],
    [['a.yaml', 'b.yaml'], 'b.yaml'],
    [[], 'CONFIG is missing'],
    [['a.yaml', '--resume=yes'], 'resume'],
  ])('refuses %j', (argv, words) => {
    expect(() => parseArguments(COMMAND, argv)).toThrow(UsageError);
    expect(() => parseArguments(COMMAND, argv)).toThrow(words);
  });

  it.each(['1.5', '0', '-3', 'ten', '', ' ', '1e99', '0x'])('is no number of steps: %j', (text) => {
    const args = parseArguments(COMMAND, ['a', `--max-iters=${text}`]);
    expect(() => args.integer('max-iters', 1)).toThrow(UsageError);
  });

  it.each(['1.01', '-0.1', 'NaN', 'Infinity', ''])('is no score: %j', (text) => {
    const args = parseArguments(COMMAND, ['a', `--score-thr=${text}`]);
    expect(() => args.fraction('score-thr')).toThrow(UsageError);
  });

  it('asks for help without the positionals', () => {
    expect(parseArguments(COMMAND, ['--help']).flag('help')).toBe(true);
  });

  it('answers any arguments with values or a usage error', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('--', '--cfg-options', 'a=b', '-x', '--work-dir', '--json', '-', '--=', '='),
    );
    fc.assert(
      fc.property(fc.array(word), (argv) => {
        try {
          parseArguments(COMMAND, argv);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});
