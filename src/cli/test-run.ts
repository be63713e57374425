/** The work of `test`. Imported after the GPU's globals are in place, because it brings TensorFlow.js along. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { MapNode } from '../config/config-node.ts';
import { leafPathsOf } from '../config/dataset-paths.ts';
import type { Problem } from '../data/dataset.ts';
import { evalSplit } from '../data/splits.ts';
import { withClasses } from '../worker/data-session.ts';
import { evaluateVoc } from '../worker/evaluate.ts';
import type { Evaluation } from '../worker/evaluate.ts';
import type { EngineSession } from '../worker/session.ts';
import { cocoResults } from './coco-results.ts';
import type { Answer, Terminal } from './command.ts';
import { requireGpu } from './engine.ts';
import { loadCheckpoint } from './load-checkpoint.ts';
import { problemLines } from './problem-summary.ts';
import { openRunData } from './run-data.ts';
import { readConfig, requireTree } from './usable-config.ts';

export interface TestRequest {
  readonly config: string;
  readonly checkpoint: string;
  readonly data: string | undefined;
  readonly split: string | undefined;
  /** File for the detections in COCO's results format. */
  readonly out: string | undefined;
  readonly overrides: readonly string[];
}

/** Evaluates a checkpoint as `request` says. */
export async function testRun(
  session: EngineSession,
  { config, checkpoint, data: path, split, out, overrides }: TestRequest,
  terminal: Terminal,
): Promise<Answer> {
  const root = requireTree(readConfig(config, overrides, terminal), terminal);
  // A split that is asked for may be in any of the config's loaders.
  const loaders = split === undefined ? [evalLoader(root)] : EVERY_LOADER;
  const opened = await openRunData(session, { root, path, loaders }, terminal);
  await requireGpu(session, terminal);
  const request = { config, checkpoint, overrides, classes: opened.data.dataset.classes };
  const classes = await loadCheckpoint(session, request, terminal);
  const data = withClasses(opened.data, classes);
  session.useData(data);
  const chosen = evalSplit(data.dataset, split);
  terminal.say(`split: ${chosen.name}, ${chosen.indices.length} images ${chosen.note}`.trimEnd());
  const problems: Problem[] = [];
  const evaluation = await evaluateVoc(session.model, data, chosen.indices, {
    onProgress: progressSayer(terminal),
    onProblem: (problem) => problems.push(problem),
  });
  for (const line of [...problemLines(problems), ...classTable(evaluation)]) terminal.say(line);
  if (out !== undefined) {
    const results = cocoResults(data.dataset, evaluation.detections);
    writeFileSync(resolve(terminal.cwd, out), JSON.stringify(results));
    terminal.say(`${results.length} detections in ${out}`);
  }
  const { metrics } = evaluation.metric;
  const lines = Object.entries(metrics).map(
    ([name, value]) => `${name}: ${value === null ? 'none (no ground truth)' : value.toFixed(4)}`,
  );
  return { json: metrics, text: lines.join('\n') };
}

const EVERY_LOADER = ['train_dataloader', 'val_dataloader', 'test_dataloader'];

/** The loader that MMDetection tests with; `val_dataloader` where the config has no other. */
function evalLoader(root: MapNode): string {
  const hasTest = leafPathsOf(root, ['test_dataloader']).length > 0;
  return hasTest ? 'test_dataloader' : 'val_dataloader';
}

/** Says how far it is, ten times or for the last image. */
function progressSayer({ say }: Terminal): (done: number, total: number) => void {
  return (done, total) => {
    const step = Math.max(1, Math.ceil(total / 10));
    if (done % step === 0 || done === total) say(`Iter(test) [${done}/${total}]`);
  };
}

/** MMDetection's table: class, ground truths, detections, recall, AP. */
function classTable({ metric }: Evaluation): string[] {
  const number = (value: number | null): string => (value === null ? '–' : value.toFixed(3));
  const rows = metric.perClass.map(({ name, numGts, numDets, recall, ap }) => [
    name,
    String(numGts),
    String(numDets),
    number(recall),
    number(ap),
  ]);
  const table = [['class', 'gts', 'dets', 'recall', 'ap'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...table.map((row) => (row[i] ?? '').length)));
  return table.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  '),
  );
}
