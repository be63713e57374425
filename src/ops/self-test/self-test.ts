import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { KNOWN_ANSWERS } from './known-answers.ts';
import type { KnownAnswer } from './known-answers.ts';

/** One known answer: whether the adapter gives it, and by how much it is off. */
export interface SelfTestCase {
  readonly name: string;
  readonly ok: boolean;
  /** The largest error found, or which element of which result is wrong, or what was thrown. */
  readonly detail: string;
  /** Milliseconds, with the compilation of the kernels that were not compiled yet. */
  readonly ms: number;
}

export interface SelfTestReport {
  readonly passed: number;
  readonly failed: number;
  readonly cases: readonly SelfTestCase[];
}

/** A driver that rounds differently stays below this; a wrong shader does not. Relative, with 1 as the least scale. */
const TOLERANCE = 1e-5;

/**
 * Runs every known answer on the active backend, so that a driver that computes wrong numbers is found before anything is
 * trained on it. Never rejects: what throws counts as failed. About a second on a software adapter, most of it compilation.
 */
export async function runSelfTest(): Promise<SelfTestReport> {
  const cases: SelfTestCase[] = [];
  for (const known of KNOWN_ANSWERS) cases.push(await runCase(known));
  const passed = cases.filter(({ ok }) => ok).length;
  return { passed, failed: cases.length - passed, cases };
}

async function runCase(known: KnownAnswer): Promise<SelfTestCase> {
  const { name } = known;
  const start = performance.now();
  let verdict: { readonly ok: boolean; readonly detail: string };
  try {
    verdict = await judge(known);
  } catch (thrown) {
    verdict = { ok: false, detail: thrown instanceof Error ? thrown.message : String(thrown) };
  }
  return { name, ...verdict, ms: performance.now() - start };
}

async function judge({
  compute,
  expected,
  results,
}: KnownAnswer): Promise<{ ok: boolean; detail: string }> {
  const tensors = tf.tidy(() => [...compute()]);
  try {
    let worst = 0;
    for (const [i, wanted] of expected.entries()) {
      const tensor = tensors[i];
      const name = results[i] ?? '';
      if (tensor?.size !== wanted.length) {
        return {
          ok: false,
          detail: `${name} has ${tensor?.size ?? 0} elements, not ${wanted.length}`,
        };
      }
      const values = await readTensor(tensor);
      for (const [at, want] of wanted.entries()) {
        const got = values[at] ?? Number.NaN;
        const error = Math.abs(got - want) / Math.max(1, Math.abs(want));
        if (!(error <= TOLERANCE)) {
          return { ok: false, detail: `${name}[${at}] is ${got}, not ${want}` };
        }
        worst = Math.max(worst, error);
      }
    }
    return { ok: true, detail: `largest error ${worst.toExponential(1)}, allowed ${TOLERANCE}` };
  } finally {
    tf.dispose(tensors);
  }
}
