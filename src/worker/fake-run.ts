import { rng } from '../base/rng.ts';
import type { Dataset } from '../data/dataset.ts';
import { logLine } from '../train/log-line.ts';
import type { Detections, MetricsBatch, RunPhase, RunStatus } from './protocol.ts';

/** Numbers of a run that never happened, shaped like those of a real one. Deterministic in the iteration. */

const FAKE_METRIC_KEYS = ['lr', 'data_time', 'loss', 'loss_cls', 'loss_bbox', 'grad_norm', 'time'];

export const FAKE_MAX_ITERS = 1200;

/** The rows of iterations `from + 1 … to`. */
export function fakeMetrics(runId: string, from: number, to: number): MetricsBatch {
  const rows = Math.max(0, to - from);
  const iters = Int32Array.from({ length: rows }, (_, row) => from + 1 + row);
  const values = new Float64Array(rows * FAKE_METRIC_KEYS.length);
  iters.forEach((iter, row) => {
    const random = rng(3, iter);
    const lossCls =
      0.9 * Math.exp(-iter / 260) + 0.16 + 0.05 * random.normal() * Math.exp(-iter / 900);
    const lossBbox = 0.55 * Math.exp(-iter / 420) + 0.13 + 0.03 * random.normal();
    const lr = 0.01 * Math.min(1, iter / 100) * (iter > 800 ? 0.1 : 1);
    values.set(
      [
        lr,
        0.004 + 0.002 * random.float(),
        lossCls + lossBbox,
        lossCls,
        lossBbox,
        2 + 3 * random.float(),
        0.16,
      ],
      row * FAKE_METRIC_KEYS.length,
    );
  });
  return { runId, keys: FAKE_METRIC_KEYS, iters, values };
}

/** MMEngine's lines for iterations `from + 1 … to`: one in every {@link FAKE_LOG_INTERVAL}. */
export function fakeLogLines(from: number, to: number): string[] {
  const lines: string[] = [];
  for (let iter = from + 1; iter <= to; iter += 1) {
    if (iter % FAKE_LOG_INTERVAL !== 0) continue;
    const { values } = fakeMetrics('', iter - 1, iter);
    const [lr = 0, dataTime = 0, loss = 0, lossCls = 0, lossBbox = 0, gradNorm = 0, time = 0] =
      values;
    const parts = { loss_cls: lossCls, loss_bbox: lossBbox };
    const record = { iter, lr, dataTime, loss, parts, gradNorm, time };
    const etaSeconds = (FAKE_MAX_ITERS - iter) * time;
    const context = { maxIters: FAKE_MAX_ITERS, itersPerEpoch: 100, etaSeconds, memoryMb: 1240 };
    lines.push(logLine(record, context));
  }
  return lines;
}

/** How often a fake run logs a line and predicts the pinned images. */
export const FAKE_LOG_INTERVAL = 20;

/** The status at iteration `iter`. */
export function fakeStatus(
  phase: RunPhase,
  iter: number,
  more: Partial<RunStatus> = {},
): RunStatus {
  const running = phase === 'running' || phase === 'pausing';
  return {
    runId: 'fake-run',
    name: 'retinanet_r18_fpn_sample',
    phase,
    iter,
    maxIters: FAKE_MAX_ITERS,
    epoch: Math.floor(iter / 100),
    maxEpochs: 12,
    etaSeconds: running && iter > 0 ? (FAKE_MAX_ITERS - iter) * 0.164 : -1,
    imagesPerSecond: iter > 0 ? 12.2 : 0,
    timeMs: iter > 0 ? 164 : 0,
    dataTimeMs: iter > 0 ? 5 : 0,
    gpuBytes: 1_240_000_000,
    ...more,
  };
}

/** Ground truth jittered by an amount that shrinks with `skill` (0 … 1), with a few false alarms; best score first. */
export function fakeDetections(dataset: Dataset, index: number, skill: number): Detections {
  const random = rng(5, index, Math.round(skill * 100));
  const { offsets, boxes, labels } = dataset.annotations;
  const found: { box: number[]; score: number; label: number }[] = [];
  for (let i = offsets[index] ?? 0; i < (offsets[index + 1] ?? 0); i += 1) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(i * 4, i * 4 + 4);
    const jitter = (size: number): number => random.normal() * size * 0.25 * (1.05 - skill);
    found.push({
      box: [x1 + jitter(x2 - x1), y1 + jitter(y2 - y1), x2 + jitter(x2 - x1), y2 + jitter(y2 - y1)],
      score: Math.min(0.99, Math.max(0.05, 0.35 + 0.6 * skill + 0.12 * random.normal())),
      label: labels[i] ?? 0,
    });
    found.push({
      box: [x1 + 12, y1 + 9, x2 - 8, y2 + 14],
      score: 0.05 + 0.2 * random.float(),
      label: labels[i] ?? 0,
    });
  }
  found.sort((a, b) => b.score - a.score);
  return {
    boxes: Float32Array.from(found.flatMap(({ box }) => box)),
    scores: Float32Array.from(found, ({ score }) => score),
    labels: Int32Array.from(found, ({ label }) => label),
  };
}
