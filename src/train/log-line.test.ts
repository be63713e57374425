import { describe, expect, test } from 'vitest';
import { logLine, windowMean } from './log-line.ts';
import type { StepRecord } from './train-loop.ts';

const record: StepRecord = {
  iter: 10,
  lr: 0.0025075,
  loss: 3.8692817,
  parts: { loss_cls: 3.0357459, acc: 50, loss_bbox: 0.1291597 },
  gradNorm: 3.5840504,
  time: 0.1365236,
  dataTime: 0.0127428,
};
const context = { maxIters: 96, itersPerEpoch: 8, etaSeconds: 61.9, memoryMb: 123.4 };

describe('logLine', () => {
  test('is MMEngine’s line of an epoch-based loop', () => {
    expect(logLine(record, context)).toBe(
      'Epoch(train) [2][2/8]  lr: 2.5075e-03  eta: 0:01:01  time: 0.1365  data_time: 0.0127  memory: 123  grad_norm: 3.5841  loss: 3.8693  loss_cls: 3.0357  acc: 50.0000  loss_bbox: 0.1292',
    );
  });

  test('counts iterations where the loop does', () => {
    expect(logLine(record, { ...context, itersPerEpoch: undefined })).toMatch(
      /^Iter\(train\) \[10\/96\] {2}lr/,
    );
  });

  test('the last iteration of an epoch belongs to it', () => {
    expect(logLine({ ...record, iter: 8 }, context)).toMatch(/^Epoch\(train\) \[1\]\[8\/8\]/);
    expect(logLine({ ...record, iter: 9 }, context)).toMatch(/^Epoch\(train\) \[2\]\[1\/8\]/);
  });

  test.each([
    [0, '0:00:00'],
    [3661, '1:01:01'],
    [90_061, '1 day, 1:01:01'],
    [200_000, '2 days, 7:33:20'],
  ])('an eta of %i s is %s', (etaSeconds, text) => {
    expect(logLine(record, { ...context, etaSeconds })).toContain(`eta: ${text}  `);
  });

  test('a rate of two-digit exponent keeps it', () => {
    expect(logLine({ ...record, lr: 1e-12 }, context)).toContain('lr: 1.0000e-12');
  });
});

describe('windowMean', () => {
  test('means of everything but iteration, lr and accuracy, which are the last', () => {
    const mean = windowMean([
      record,
      {
        ...record,
        iter: 11,
        lr: 1,
        loss: 1.8692817,
        parts: { loss_cls: 1.0357459, acc: 80, loss_bbox: 0 },
      },
    ]);
    expect(mean?.iter).toBe(11);
    expect(mean?.lr).toBe(1);
    expect(mean?.loss).toBeCloseTo(2.8692817, 10);
    expect(mean?.parts['loss_cls']).toBeCloseTo(2.0357459, 10);
    expect(mean?.parts['acc']).toBe(80);
    expect(windowMean([])).toBeUndefined();
  });
});
