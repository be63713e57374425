import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { RunSeries } from '../series/run-series.ts';
import { ChartLink } from './chart-link.ts';
import { axisNumber, chartOption } from './chart-option.ts';
import { axisPosition, type ChartRun, chartScene, readouts } from './chart-scene.ts';
import { tableRows } from './chart-table.tsx';
import { chartCsv } from './export-chart.ts';
import { pace } from './pace.ts';
import { logTicks, timeUnit } from './ticks.ts';

// Properties try a hundred inputs; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 60_000 });

function run(values: readonly number[], more: Partial<ChartRun> = {}): ChartRun {
  const series = new RunSeries('a');
  series.append({
    keys: ['loss', 'time'],
    iters: Int32Array.from(values, (_, i) => i + 1),
    values: Float64Array.from(values.flatMap((value) => [value, 0.5])),
  });
  return {
    runId: 'a',
    name: '#1 r18',
    color: '#0072b2',
    selected: true,
    series,
    itersPerEpoch: 2,
    ...more,
  };
}

const base = {
  metric: 'loss',
  x: 'iter',
  smoothing: 0,
  log: false,
  range: null,
  pixels: 500,
} as const;
const ink = { text: '#111', line: '#999', faint: '#eee', ground: '#fff', font: 'sans-serif' };

describe('logTicks', () => {
  it('gives a few round values inside any range', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
        fc.double({ min: 1.0001, max: 1e8, noNaN: true }),
        (low, factor) => {
          const ticks = logTicks(low, low * factor);
          expect(ticks.length).toBeGreaterThanOrEqual(2);
          expect(ticks.length).toBeLessThanOrEqual(12);
          expect(
            ticks.every((tick) => tick >= low * 0.999999 && tick <= low * factor * 1.000001),
          ).toBe(true);
          expect([...ticks].sort((a, b) => a - b)).toEqual(ticks);
        },
      ),
    );
  });

  it('bends nowhere: 0.1 to 1 has ticks between, and eight decades only powers', () => {
    expect(logTicks(0.52, 1.8).length).toBeGreaterThanOrEqual(4);
    expect(logTicks(0.05, 2).length).toBeGreaterThanOrEqual(4);
    expect(logTicks(1e-6, 100).every((tick) => Math.abs(Math.log10(tick) % 1) < 1e-9)).toBe(true);
    expect(logTicks(0, 1)).toEqual([]);
    expect(logTicks(1, Infinity)).toEqual([]);
  });
});

describe('chartScene', () => {
  it('scales the same rows to iterations, epochs and time', () => {
    const one = run([4, 3, 2, 1]);
    const xs = (x: 'iter' | 'epoch' | 'time') =>
      chartScene({ ...base, x, runs: [one] }).lines[0]?.raw.points.map(([at]) => at);
    expect(xs('iter')).toEqual([1, 2, 3, 4]);
    expect(xs('epoch')).toEqual([0.5, 1, 1.5, 2]);
    expect(xs('time')).toEqual([0.5, 1, 1.5, 2]);
    expect(axisPosition({ runs: [one], x: 'epoch' }, one, 3)).toBe(1.5);
    expect(axisPosition({ runs: [one], x: 'time' }, one, 3)).toBe(1.5);
  });

  it('marks zeros at the floor of a log axis and leaves the others where they are', () => {
    const scene = chartScene({ ...base, log: true, runs: [run([1, 0, 0.1, -3])] });
    const floor = scene.logExtent?.[0] ?? NaN;
    expect(floor).toBeGreaterThan(0);
    expect(floor).toBeLessThan(0.1);
    expect(scene.lines[0]?.belowZero).toEqual([
      [2, floor],
      [4, floor],
    ]);
    expect(scene.lines[0]?.raw.points.map(([, y]) => y)).toEqual([1, floor, 0.1, floor]);
  });

  it('counts what is drawn of what there is, and what has no value', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => (i === 77 ? NaN : Math.sin(i)));
    const scene = chartScene({ ...base, runs: [run(values)] });
    expect(scene.total).toBe(19_999);
    expect(scene.drawn).toBeLessThanOrEqual(4 * 500);
    expect(scene.notFinite).toBe(1);
  });

  it('reads the row nearest to the pointer, and the last one without', () => {
    const runs = [run([4, 3, 2, 1])];
    expect(readouts({ ...base, runs }, 2.4)[0]).toMatchObject({ iter: 2, value: 3 });
    expect(readouts({ ...base, runs }, null)[0]).toMatchObject({ iter: 4, value: 1 });
    expect(readouts({ ...base, metric: 'nothing', runs }, null)).toEqual([]);
  });
});

describe('chartOption', () => {
  it('draws raw faintly under smoothed, without symbols or motion', () => {
    const scene = chartScene({ ...base, smoothing: 0.9, runs: [run([4, 3, 2, 1])] });
    const option = chartOption({ scene, ink, description: 'd', mark: 2 });
    const series = option['series'] as { lineStyle: { opacity: number }; showSymbol: boolean }[];
    expect(option['animation']).toBe(false);
    expect(series.map(({ showSymbol }) => showSymbol)).toEqual([false, false]);
    expect(series[0]?.lineStyle.opacity).toBeLessThan(series[1]?.lineStyle.opacity ?? 0);
  });

  it('writes axis numbers short', () => {
    const words = [0, 0.30000000000000004, 1.5, 1000, 25_000, 1e-4, 2.5e-5, 3e6].map(axisNumber);
    expect(words).toEqual(['0', '0.3', '1.5', '1,000', '25k', '1e-4', '2.5e-5', '3e6']);
  });
});

describe('what is taken along', () => {
  it('a CSV has every row in full, quoted, with values that Python reads', () => {
    const odd = run([0.1 + 0.2, NaN, Infinity], { name: '=a,"b"' });
    expect(chartCsv([odd], { metric: 'loss', smoothing: 0 }).split('\r\n')).toEqual([
      'run,iter,epoch,seconds,loss',
      `"'=a,""b""",1,0.5,0.5,0.30000000000000004`,
      `"'=a,""b""",2,1,1,nan`,
      `"'=a,""b""",3,1.5,1.5,inf`,
      '',
    ]);
  });

  it('a table has the first and the last row, newest first, and never more than asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: 1, max: 300 }),
        (n, limit) => {
          const rows = tableRows(run(Array.from({ length: n }, (_, i) => i)), 'loss', 0, limit);
          expect(rows).toHaveLength(Math.min(n, limit));
          if (limit > 1) expect(rows[0]?.iter).toBe(n);
          expect(rows.at(-1)?.iter).toBe(1);
          expect(new Set(rows.map(({ iter }) => iter)).size).toBe(rows.length);
        },
      ),
    );
  });
});

describe('timeUnit', () => {
  it('keeps numbers readable', () => {
    expect(timeUnit(90).unit).toBe('s');
    expect(timeUnit(1800)).toEqual({ unit: 'min', scale: 1 / 60 });
    expect(timeUnit(86_400).unit).toBe('h');
  });
});

describe('pace', () => {
  it('works at most once per interval, and once more after a burst', () => {
    vi.useFakeTimers();
    try {
      let worked = 0;
      const paced = pace(() => (worked += 1), 100);
      for (let ms = 0; ms < 1000; ms += 10) {
        paced.request();
        vi.advanceTimersByTime(10);
      }
      expect(worked).toBeGreaterThanOrEqual(9);
      expect(worked).toBeLessThanOrEqual(11);
      const before = worked;
      paced.request();
      vi.advanceTimersByTime(200);
      expect(worked).toBe(before + 1);
      paced.request();
      paced.cancel();
      vi.advanceTimersByTime(500);
      expect(worked).toBe(before + 1);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('ChartLink', () => {
  it('tells of changes only', () => {
    const link = new ChartLink();
    let told = 0;
    link.subscribe(() => (told += 1));
    link.zoomTo(null);
    link.hoverAt(null);
    expect(told).toBe(0);
    link.zoomTo([1, 2]);
    link.zoomTo([1, 2]);
    link.hoverAt(3);
    expect(told).toBe(2);
  });
});
