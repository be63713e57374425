import { Workspace } from './workspace.ts';
import type { CanaryResult } from './workspace.ts';

/** A badly formatted file must fail `oxfmt --check` by name, and a well formatted one beside it must not be named. */
export function formatCanary(): CanaryResult {
  using workspace = new Workspace(['.oxfmtrc.json']);
  workspace.addFixture('format');
  const { status, stdout, stderr } = workspace.run('oxfmt/bin/oxfmt', ['--check', '.']);
  const output = stdout + stderr;
  return {
    name: 'oxfmt',
    planted: 1,
    wrong: [
      ...(status === 0 ? ['--check passed a badly formatted file'] : []),
      ...(/^misformatted\.ts/m.test(output) ? [] : ['misformatted.ts was not named']),
      ...(/^formatted\.ts/m.test(output) ? ['formatted.ts was named'] : []),
    ],
  };
}
