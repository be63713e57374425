/**
 * Trains each sample preset twice with one seed and compares the weights byte for byte: the same seed on the same adapter
 * gives the same model. Weights that never moved would be equal too, so most of them must have changed. Step of
 * `npm run test:full`; `VK_DRIVER_FILES` chooses another adapter.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { readModelCheckpoint } from '../src/checkpoint/model-checkpoint.ts';
import { cliAnswer } from './cli-answer.ts';

const PRESETS = [
  'retinanet/retinanet_r18_fpn_sample',
  'faster_rcnn/faster_rcnn_r18_fpn_sample',
  'fcos/fcos_r18_fpn_sample',
];
const STEPS = 50;
/** Share of the values that must differ from those after one step. */
const LEAST_CHANGED = 0.9;

const { adapter } = cliAnswer(z.looseObject({ adapter: z.string() }), 'doctor');
const results = PRESETS.map(repeats);
const passed = results.filter(Boolean).length;
console.log(`${passed} passed, ${results.length - passed} failed`);
process.exitCode = passed === results.length ? 0 : 1;

/** Whether two runs of a preset end in the same bytes, and not in those of the first step. */
function repeats(preset: string): boolean {
  const [first, second, start] = [
    weights(preset, STEPS),
    weights(preset, STEPS),
    weights(preset, 1),
  ];
  let total = 0;
  let changed = 0;
  let different = 0;
  for (const [name, values] of first) {
    const again = second.get(name) ?? new Uint8Array();
    const before = start.get(name) ?? new Uint8Array();
    different += Buffer.compare(values, again) === 0 ? 0 : 1;
    const [now, then] = [floats(values), floats(before)];
    total += now.length;
    changed += now.filter((value, i) => value !== then[i]).length;
  }
  const share = changed / total;
  const good = different === 0 && share > LEAST_CHANGED;
  console.log(
    `${preset}: ${different} of ${first.size} tensors differ between two runs of ${STEPS} steps; ${(100 * share).toFixed(2)} % of ${total} values moved; on ${adapter}`,
  );
  return good;
}

function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}

/** Trained weights by name, as bytes. */
function weights(preset: string, steps: number): ReadonlyMap<string, Uint8Array> {
  const workDir = mkdtempSync(join(tmpdir(), 'anchorage-repeat-'));
  try {
    const { checkpoint } = cliAnswer(
      z.looseObject({ checkpoint: z.string() }),
      'train',
      preset,
      '--work-dir',
      workDir,
      '--seed',
      '7',
      '--max-iters',
      String(steps),
    );
    const { arrays } = readModelCheckpoint(new Uint8Array(readFileSync(checkpoint)), checkpoint);
    return new Map(
      arrays.flatMap(({ name, data }) =>
        data instanceof Float32Array
          ? [[name, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]]
          : [],
      ),
    );
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}
