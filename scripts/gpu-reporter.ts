import { writeFileSync } from 'node:fs';
import type { TestCase, TestModule } from 'vitest/node';
import type { Reporter } from 'vitest/reporters';

/**
 * Counts the test cases that ran on a WebGPU device and prints `webgpu: N ran, M skipped (reasons)`. With
 * `REQUIRE_WEBGPU=1` none having run is a failure: a browser without an adapter skips quietly otherwise.
 *
 * A case says so itself: `task.meta.backend = 'webgpu'`, set by `gpuTest` of src/ops/host/describe-on-backends.ts when
 * it runs. Slow twins in the same files are not counted.
 */
export default class GpuReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const cases = modules.flatMap((module) => [...module.children.allTests()]);
    const ran = cases.filter((one) => isOnGpu(one) && one.result().state !== 'skipped');
    const skipped = cases.filter((one) => one.result().state === 'skipped');
    const reasons = [...new Set(skipped.map(reasonOf))];
    const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
    console.log(`webgpu: ${ran.length} ran, ${skipped.length} skipped${why}`);
    const file = process.env['GPU_COUNT_FILE'];
    if (file !== undefined) {
      writeFileSync(file, JSON.stringify({ ran: ran.length, skipped: skipped.length, reasons }));
    }
    if (ran.length === 0 && process.env['REQUIRE_WEBGPU'] === '1') {
      console.error('FAILED  no test ran on WebGPU: the kernels were not tested at all');
      process.exitCode = 1;
    }
  }
}

function isOnGpu(one: TestCase): boolean {
  const meta: object = one.meta();
  return 'backend' in meta && meta.backend === 'webgpu';
}

function reasonOf(one: TestCase): string {
  const result = one.result();
  return result.state === 'skipped' && result.note !== undefined && result.note !== ''
    ? result.note
    : 'no reason given';
}
