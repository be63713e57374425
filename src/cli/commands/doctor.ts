import { UserError } from '../../base/errors.ts';
import type { DeviceReport } from '../../worker/protocol.ts';
import type { Command } from '../command.ts';
import { withEngine } from '../engine.ts';

/** `doctor`: which adapter computes here, what it can do, and whether it computes right. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'The graphics adapter, its features and limits, and whether it computes right',
  positionals: [],
  options: {},
  async run(_args, terminal) {
    const report = await withEngine(terminal, async (session) => (await session.gpu()).report);
    const { adapter, features, limits, selfTest, problem } = report;
    // Without an adapter there is nothing to answer; with one that computes wrong numbers there is.
    if (adapter === '' && problem !== undefined) throw new UserError(problem);
    const { passed, failed } = selfTest;
    for (const { name, ok, detail } of selfTest.cases) {
      if (!ok) terminal.say(`FAILED ${name}: ${detail}`);
    }
    if (problem?.action !== undefined) terminal.say(`${problem.what} ${problem.action}`);
    return {
      json: { adapter, features, limits, self_test: { passed, failed } },
      text: describe(report),
      summary: true,
      exitCode: problem === undefined && failed === 0 ? 0 : 1,
    };
  },
};

function describe({ adapter, isFallback, features, limits, selfTest }: DeviceReport): string {
  const names = Object.keys(limits);
  const width = Math.max(0, ...names.map((name) => name.length));
  return [
    `adapter:   ${adapter}${isFallback ? ' (software: slow)' : ''}`,
    `features:  ${features.join(', ')}`,
    'limits:',
    ...names.map((name) => `  ${name.padEnd(width)}  ${limits[name] ?? ''}`),
    `self-test: ${selfTest.passed} passed, ${selfTest.failed} failed`,
  ].join('\n');
}
