import { join } from 'node:path';
import { ROOT, Workspace } from './workspace.ts';
import type { CanaryResult } from './workspace.ts';

/** A run in which no test reached the GPU must fail although every test passed; one that did must be counted. */
export function gpuCountCanary(): CanaryResult {
  using workspace = new Workspace([]);
  workspace.addFixture('gpu');
  const none = runTests(workspace, 'none.test.ts', '1');
  const some = runTests(workspace, 'some.test.ts', '1');
  const unasked = runTests(workspace, 'none.test.ts', '');
  return {
    name: 'WebGPU count',
    planted: 1,
    wrong: [
      ...(none.status === 0 ? ['a run without a single WebGPU case passed'] : []),
      ...(none.stdout.includes('webgpu: 0 ran, 1 skipped')
        ? []
        : [`zero cases were not printed: ${none.stdout}`]),
      ...(some.status === 0
        ? []
        : [`a run with a WebGPU case failed: ${some.stdout}${some.stderr}`]),
      ...(some.stdout.includes('webgpu: 1 ran, 1 skipped (no adapter)')
        ? []
        : ['the reason of a skip was not printed']),
      ...(unasked.status === 0 ? [] : ['a run that does not require WebGPU failed']),
    ],
  };
}

function runTests(
  workspace: Workspace,
  file: string,
  required: string,
): ReturnType<Workspace['run']> {
  return workspace.run(
    'vitest/vitest.mjs',
    [
      'run',
      '--root',
      '.',
      file,
      '--reporter=default',
      `--reporter=${join(ROOT, 'scripts/gpu-reporter.ts')}`,
    ],
    { REQUIRE_WEBGPU: required, GPU_COUNT_FILE: undefined, NO_COLOR: '1' },
  );
}
