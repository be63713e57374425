import { describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.ts';
import { nodeConfigFiles } from './preset-files.node.ts';

const files = nodeConfigFiles();

interface Broken {
  name: string;
  /** Laid over the sample preset from line 2 on. */
  text: string;
  code: string;
  /** Line and column in the text, 1-based. */
  at: [number, number];
  key?: string;
  /** Must appear in the message. */
  says: RegExp;
}

const BROKEN: Broken[] = [
  {
    name: 'an average that begins twice',
    text: 'custom_hooks:\n  - {type: EMAHook, begin_iter: 3, begin_epoch: 1}\n',
    code: 'config-ema',
    at: [3, 5],
    says: /both given/,
  },
  {
    name: 'two averages',
    text: 'custom_hooks:\n  - {type: EMAHook}\n  - {type: EMAHook}\n',
    code: 'config-ema',
    at: [4, 5],
    says: /more than one EMAHook/,
  },
  {
    name: 'gamma of an average without one',
    text: 'custom_hooks:\n  - {type: EMAHook, gamma: 3}\n',
    code: 'config-ema',
    at: [3, 28],
    says: /ExponentialMovingAverage has no gamma/,
  },
  {
    name: 'clipping by value without a value',
    text: 'optim_wrapper:\n  clip_grad: {_delete_: true, type: value}\n',
    code: 'config-clip-grad',
    at: [3, 14],
    key: 'optim_wrapper.clip_grad',
    says: /needs clip_value/,
  },
  {
    name: 'clipping by norm with a value',
    text: 'optim_wrapper:\n  clip_grad: {max_norm: 35, clip_value: 1}\n',
    code: 'config-clip-grad',
    at: [3, 41],
    key: 'optim_wrapper.clip_grad.clip_value',
    says: /no place in clipping by norm/,
  },
  {
    name: 'restarts without as many weights',
    text: 'param_scheduler:\n  - {type: CosineRestartLR, periods: [3, 4], eta_min: 0, by_epoch: false}\n',
    code: 'config-schedule-span',
    at: [3, 5],
    says: /2 periods and 1 restart_weights/,
  },
  {
    name: 'one cycle that ends before the training',
    text: 'param_scheduler:\n  - {type: OneCycleLR, eta_max: 0.1, total_steps: 9, by_epoch: false}\n',
    code: 'config-schedule-span',
    at: [3, 5],
    says: /has 9 steps and is asked for/,
  },
  {
    name: 'one cycle of no length',
    text: 'param_scheduler:\n  - {type: OneCycleLR, eta_max: 0.1, epochs: 3, by_epoch: false}\n',
    code: 'config-schedule-span',
    at: [3, 5],
    says: /needs total_steps/,
  },
];

describe('errors of optimiser, schedules and hooks', () => {
  it.each(BROKEN)('$name', ({ text, code, at, key, says }) => {
    const source = {
      name: 'retinanet/mine.yaml',
      text: `_base_: retinanet_r18_fpn_sample\n${text}`,
    };
    const { problems } = loadConfig(files, source);
    const found = problems.find((problem) => problem.code === code);
    expect(found, JSON.stringify(problems, null, 1)).toBeDefined();
    expect([found?.place?.line, found?.place?.column]).toEqual(at);
    if (key !== undefined) expect(found?.place?.key).toBe(key);
    expect(found?.what).toMatch(says);
    expect(found?.severity).toBe('error');
  });
});
