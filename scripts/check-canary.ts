import { buildCanary } from './canary-checks/build.ts';
import { deadCodeCanary } from './canary-checks/dead-code.ts';
import { formatCanary } from './canary-checks/format.ts';
import { gpuCountCanary } from './canary-checks/gpu-count.ts';
import { lintCanary } from './canary-checks/lint.ts';
import { roomEdgesCanary } from './canary-checks/room-edges.ts';
import { sizeCanary } from './canary-checks/size.ts';
import { typesCanary } from './canary-checks/types.ts';
import type { CanaryResult } from './canary-checks/workspace.ts';

/** Every guard of this project, and the known faults that it must report. */
const CANARIES: readonly (() => CanaryResult)[] = [
  formatCanary,
  lintCanary,
  roomEdgesCanary,
  typesCanary,
  deadCodeCanary,
  sizeCanary,
  buildCanary,
  gpuCountCanary,
];

let failed = 0;
for (const canary of CANARIES) {
  const { name, planted, wrong } = canary();
  // A canary that plants nothing is the very mistake it is there to catch.
  const problems = planted === 0 ? ['nothing was planted', ...wrong] : wrong;
  if (problems.length > 0) failed += 1;
  console.log(
    `${problems.length === 0 ? 'ok' : 'FAILED'}  ${name}: ${planted} planted, ${problems.length} wrong`,
  );
  for (const problem of problems.slice(0, 40)) console.log(`        ${problem}`);
}
console.log(`canaries: ${CANARIES.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
