/**
 * Trains the sample's presets to their end on the command line and tests what came out: the one check that says whether
 * the whole of it learns. About half an hour for each on a software adapter, a minute or two on a GPU. Step of
 * `npm run test:full`; names of presets on the command line choose some.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { cliAnswer } from './cli-answer.ts';

const PRESETS = [
  'retinanet/retinanet_r18_fpn_sample',
  'faster_rcnn/faster_rcnn_r18_fpn_sample',
  'fcos/fcos_r18_fpn_sample',
];

/** What a detector that has learnt reaches easily, and one with a wrong loss, anchor or label does not. */
const LEAST_AP50 = 0.5;

const chosen = process.argv.slice(2);
const { adapter } = cliAnswer(z.looseObject({ adapter: z.string() }), 'doctor');
const reached = PRESETS.filter(
  (preset) => chosen.length === 0 || chosen.some((name) => preset.endsWith(name)),
).map(trainAndTest);
const passed = reached.filter(Boolean).length;
console.log(`${passed} passed, ${reached.length - passed} failed`);
process.exitCode = passed === reached.length && passed > 0 ? 0 : 1;

/** Whether a preset learns. */
function trainAndTest(preset: string): boolean {
  const workDir = mkdtempSync(join(tmpdir(), 'anchorage-sample-'));
  try {
    const start = performance.now();
    const { checkpoint, iterations, last } = cliAnswer(
      z.looseObject({
        checkpoint: z.string(),
        iterations: z.int().positive(),
        last: z.looseObject({ loss: z.number() }),
      }),
      'train',
      preset,
      '--work-dir',
      workDir,
      '--seed',
      '1',
    );
    const minutes = (performance.now() - start) / 60_000;
    const answer = z.looseObject({ 'pascal_voc/AP50': z.number() });
    const ap50 = cliAnswer(answer, 'test', preset, checkpoint)['pascal_voc/AP50'];
    const good = ap50 >= LEAST_AP50;
    console.log(
      `${preset}: AP50 ${ap50.toFixed(3)} (at least ${LEAST_AP50.toFixed(2)}: ${good ? 'reached' : 'MISSED'}) after ${iterations} iterations in ${minutes.toFixed(1)} min on ${adapter}, last loss ${last.loss.toFixed(4)}`,
    );
    return good;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}
