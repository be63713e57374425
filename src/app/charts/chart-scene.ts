import { decimate, type Decimated } from '../series/decimate.ts';
import { nearestIndex } from '../series/growing-array.ts';
import type { RunSeries, XKind } from '../series/run-series.ts';
import { timeUnit } from './ticks.ts';

/** A run as the charts see it. */
export interface ChartRun {
  readonly runId: string;
  readonly name: string;
  readonly color: string;
  /** The run that is looked at; others are drawn fainter, behind it. */
  readonly selected: boolean;
  readonly series: RunSeries;
  /** Iterations per epoch; 0 when not known. */
  readonly itersPerEpoch: number;
}

export interface SceneOptions {
  /** MMEngine's name of the metric. */
  readonly metric: string;
  readonly runs: readonly ChartRun[];
  readonly x: XKind;
  readonly smoothing: number;
  readonly log: boolean;
  /** Visible range in axis units; null = everything. */
  readonly range: readonly [number, number] | null;
  /** Width of the plot in pixels. */
  readonly pixels: number;
}

export interface SceneLine {
  readonly run: ChartRun;
  readonly raw: Decimated;
  /** Null when nothing is smoothed: the raw line is then drawn strong. */
  readonly smooth: Decimated | null;
  /** On a log axis: the positions whose value is zero or less, marked at the floor. */
  readonly belowZero: readonly [number, number][];
}

export interface ChartScene {
  readonly lines: readonly SceneLine[];
  /** Of everything that there is, in axis units. */
  readonly extent: readonly [number, number];
  readonly range: readonly [number, number];
  /** On a log axis: lowest and highest value drawn; null on a linear one. */
  readonly logExtent: readonly [number, number] | null;
  /** Of the time axis: `s`, `min` or `h`. */
  readonly unit: '' | 's' | 'min' | 'h';
  readonly drawn: number;
  readonly total: number;
  /** Values in view that are no finite numbers. */
  readonly notFinite: number;
}

/** Positions of a run's rows before scaling, and the factor that makes them axis units. */
function positions(run: ChartRun, x: XKind, timeScale: number): [Float64Array, number] {
  if (x === 'time') return [run.series.elapsed, timeScale];
  if (x === 'epoch') return [run.series.iters, run.itersPerEpoch > 0 ? 1 / run.itersPerEpoch : 1];
  return [run.series.iters, 1];
}

/** Works out what one chart has to draw. */
export function chartScene(options: SceneOptions): ChartScene {
  const { runs, x, metric } = options;
  const time = timeUnit(Math.max(0, ...runs.map(({ series }) => series.elapsed.at(-1) ?? 0)));
  const shown = runs.filter(({ series }) => series.column(metric).length > 0);
  const ends = shown.map((run): number => {
    const [base, scale] = positions(run, x, time.scale);
    return (base.at(-1) ?? 0) * scale;
  });
  const extent: [number, number] = [0, Math.max(0, ...ends)];
  if (extent[1] === 0) extent[1] = 1;
  const range = options.range ?? extent;
  const values = shown.map((run) => drawnValues(run, options, range, time.scale));
  const logExtent = options.log ? logExtentOf(values.flatMap(({ raw }) => raw.points)) : null;
  const lines = values.map((line) => (logExtent === null ? line : onLogAxis(line, logExtent[0])));
  const sum = (pick: (line: SceneLine) => number): number =>
    lines.reduce((total, line) => total + pick(line), 0);
  return {
    lines,
    extent,
    range,
    logExtent,
    unit: x === 'time' ? time.unit : '',
    drawn: sum(({ raw }) => raw.drawn),
    total: sum(({ raw }) => raw.total),
    notFinite: sum(({ run }) => countNotFinite(run, options, range, time.scale)),
  };
}

function drawnValues(
  run: ChartRun,
  options: SceneOptions,
  range: readonly [number, number],
  timeScale: number,
): SceneLine {
  const { metric, smoothing, pixels } = options;
  const [base, scale] = positions(run, options.x, timeScale);
  const unscaled: [number, number] = [range[0] / scale, range[1] / scale];
  const thin = (values: Float64Array): Decimated => {
    const found = decimate(base, values, unscaled, pixels);
    return scale === 1
      ? found
      : { ...found, points: found.points.map(([at, value]) => [at * scale, value]) };
  };
  return {
    run,
    raw: thin(run.series.column(metric)),
    smooth: smoothing === 0 ? null : thin(run.series.smoothed(metric, smoothing)),
    belowZero: [],
  };
}

function countNotFinite(
  run: ChartRun,
  { metric, x }: SceneOptions,
  range: readonly [number, number],
  timeScale: number,
): number {
  const [base, scale] = positions(run, x, timeScale);
  return run.series.column(metric).reduce((count, value, row) => {
    const at = (base[row] ?? NaN) * scale;
    return at >= range[0] && at <= range[1] && !Number.isFinite(value) ? count + 1 : count;
  }, 0);
}

function logExtentOf(points: readonly (readonly [number, number])[]): [number, number] {
  let low = Infinity;
  let high = 0;
  let anyBelow = false;
  for (const [, value] of points) {
    if (value <= 0) anyBelow = true;
    if (value > 0 && value < low) low = value;
    if (value > high) high = value;
  }
  if (high === 0) return [0.1, 1];
  // Room under the lowest value, so that a mark at the floor is not taken for it.
  return [anyBelow ? low / 2 : low * 0.97, high * 1.03];
}

function onLogAxis(line: SceneLine, floor: number): SceneLine {
  const lift = (found: Decimated): Decimated => ({
    ...found,
    points: found.points.map(([at, value]) => [at, value <= 0 ? floor : value]),
  });
  return {
    ...line,
    raw: lift(line.raw),
    smooth: line.smooth === null ? null : lift(line.smooth),
    belowZero: line.raw.points.flatMap(([at, value]): [number, number][] =>
      value <= 0 ? [[at, floor]] : [],
    ),
  };
}

/** Where an iteration of a run lies on the axis; null before the first row of a time axis. */
export function axisPosition(
  { runs, x }: Pick<SceneOptions, 'runs' | 'x'>,
  run: ChartRun,
  iter: number,
): number | null {
  const longest = Math.max(0, ...runs.map(({ series }) => series.elapsed.at(-1) ?? 0));
  const [base, scale] = positions(run, x, timeUnit(longest).scale);
  if (x !== 'time') return iter * scale;
  const at = base[nearestIndex(run.series.iters, iter)];
  return at === undefined || !Number.isFinite(at) ? null : at * scale;
}

/** The row of a run that lies nearest to a position of the axis. */
export interface Readout {
  readonly run: ChartRun;
  readonly iter: number;
  readonly value: number;
  /** The smoothed value; the value itself when nothing is smoothed. */
  readonly smoothed: number;
}

/** What each run's line is at `at` (axis units), or at its end when `at` is null; runs without the metric are left out. */
export function readouts(
  options: Pick<SceneOptions, 'metric' | 'runs' | 'x' | 'smoothing'>,
  at: number | null,
): Readout[] {
  const longest = Math.max(0, ...options.runs.map(({ series }) => series.elapsed.at(-1) ?? 0));
  const { scale: timeScale } = timeUnit(longest);
  return options.runs.flatMap((run) => {
    const column = run.series.column(options.metric);
    const [base, scale] = positions(run, options.x, timeScale);
    const row = at === null ? column.length - 1 : nearestIndex(base, at / scale);
    const value = column[row];
    const iter = run.series.iters[row];
    if (value === undefined || iter === undefined) return [];
    const smoothed = run.series.smoothed(options.metric, options.smoothing)[row] ?? NaN;
    return [{ run, iter, value, smoothed }];
  });
}
