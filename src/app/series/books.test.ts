import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { filterLog, LogBook } from './log-book.ts';
import { PreviewBook } from './preview-book.ts';

// Properties try a hundred inputs; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 60_000 });

const none = {
  boxes: new Float32Array(0),
  scores: new Float32Array(0),
  labels: new Int32Array(0),
};

describe('LogBook', () => {
  it('keeps the newest lines and counts the others', () => {
    const book = new LogBook(3);
    book.append('info', 'one');
    book.append('error', 'two\nthree');
    book.append('warning', 'four');
    expect(book.lines.map(({ text }) => text)).toEqual(['two', 'three', 'four']);
    expect(book.lines.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(book.dropped).toBe(1);
  });

  it('finds lines by level and by words', () => {
    const book = new LogBook();
    book.append('info', 'Epoch(train) [1][10/64]  lr: 1e-2  loss: 0.5');
    book.append('warning', 'image a.jpg is truncated');
    book.append('error', 'Loss is NaN');
    const texts = (level: 'info' | 'warning' | 'error', query: string): string[] =>
      filterLog(book.lines, level, query).map(({ text }) => text);
    expect(texts('warning', '')).toEqual(['image a.jpg is truncated', 'Loss is NaN']);
    expect(texts('info', 'LOSS epoch')).toHaveLength(1);
    expect(texts('info', 'loss')).toHaveLength(2);
    expect(texts('error', 'a.jpg')).toEqual([]);
    // A query is text, not a pattern.
    expect(texts('info', '[1][10/64]')).toHaveLength(1);
  });
});

describe('PreviewBook', () => {
  it('answers with the newest preview not after the iteration', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { maxLength: 60 }),
        fc.integer({ min: 0, max: 500 }),
        (iters, wanted) => {
          const book = new PreviewBook();
          for (const iter of iters) {
            book.add({ runId: 'a', imageIndex: 7, iter, detections: none });
          }
          const best = Math.max(-1, ...iters.filter((iter) => iter <= wanted));
          expect(book.at(7, wanted)?.iter ?? -1).toBe(best);
          expect(book.at(8, wanted)).toBeUndefined();
          expect(book.iters).toEqual([...iters].sort((a, b) => a - b));
        },
      ),
    );
  });

  it('keeps the first and the newest when there are many', () => {
    const book = new PreviewBook(16);
    for (let iter = 1; iter <= 1000; iter += 1) {
      book.add({ runId: 'a', imageIndex: 0, iter, detections: none });
    }
    expect(book.iters.length).toBeLessThanOrEqual(16);
    expect(book.iters[0]).toBe(1);
    expect(book.iters.at(-1)).toBe(1000);
  });
});
