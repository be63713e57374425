import { isLossKey } from '../models/detectors/detector.ts';
import type { StepRecord } from './train-loop.ts';

/** What the log says besides the step's own numbers. */
export interface LogContext {
  readonly maxIters: number;
  /** Iterations of an epoch; undefined for an iteration-based loop. */
  readonly itersPerEpoch: number | undefined;
  readonly etaSeconds: number;
  readonly memoryMb: number;
}

/**
 * MMEngine's training line, so that scripts that read its logs read ours:
 * `Epoch(train)  [1][ 10/64]  lr: 2.0000e-03  eta: 0:01:00  time: 0.1365  data_time: 0.0127  memory: 12  grad_norm: …`.
 */
export function logLine(record: StepRecord, context: LogContext): string {
  const { maxIters, itersPerEpoch, etaSeconds, memoryMb } = context;
  const head =
    itersPerEpoch === undefined
      ? `Iter(train) [${pad(record.iter, maxIters)}/${maxIters}]`
      : `Epoch(train) [${Math.floor((record.iter - 1) / itersPerEpoch) + 1}][${pad(((record.iter - 1) % itersPerEpoch) + 1, itersPerEpoch)}/${itersPerEpoch}]`;
  return [
    head,
    `lr: ${exponent(record.lr)}`,
    `eta: ${duration(etaSeconds)}`,
    `time: ${record.time.toFixed(4)}`,
    `data_time: ${record.dataTime.toFixed(4)}`,
    `memory: ${Math.round(memoryMb)}`,
    `grad_norm: ${record.gradNorm.toFixed(4)}`,
    `loss: ${record.loss.toFixed(4)}`,
    ...Object.entries(record.parts).map(([key, value]) => `${key}: ${value.toFixed(4)}`),
  ].join('  ');
}

/**
 * Mean of a window of steps, as MMEngine's log processor takes it: last lr and accuracy, means of everything else.
 */
export function windowMean(records: readonly StepRecord[]): StepRecord | undefined {
  const last = records.at(-1);
  if (last === undefined) return undefined;
  const mean = (pick: (record: StepRecord) => number): number =>
    records.reduce((total, record) => total + pick(record), 0) / records.length;
  return {
    iter: last.iter,
    lr: last.lr,
    loss: mean((r) => r.loss),
    parts: Object.fromEntries(
      Object.entries(last.parts).map(([key, value]) => [
        key,
        isLossKey(key) ? mean((r) => r.parts[key] ?? Number.NaN) : value,
      ]),
    ),
    gradNorm: mean((r) => r.gradNorm),
    time: mean((r) => r.time),
    dataTime: mean((r) => r.dataTime),
  };
}

function pad(value: number, of: number): string {
  return String(value).padStart(String(of).length);
}

/** Python's `%.4e`: at least two digits of exponent. */
function exponent(value: number): string {
  return value.toExponential(4).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Python's `str(timedelta(seconds=…))`. */
function duration(seconds: number): string {
  if (!(seconds >= 0)) return '0:00:00';
  const whole = Math.floor(seconds);
  const days = Math.floor(whole / 86_400);
  const clock = [Math.floor((whole % 86_400) / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const [hours, minutes, rest] = clock.map((part, i) =>
    i === 0 ? String(part) : String(part).padStart(2, '0'),
  );
  const time = `${hours}:${minutes}:${rest}`;
  if (days === 0) return time;
  return `${days} day${days === 1 ? '' : 's'}, ${time}`;
}
