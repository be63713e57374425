import { UsageError } from '../command.ts';
import type { Arguments, Command, Terminal } from '../command.ts';
import { requireGpu, withEngine } from '../engine.ts';

const BACKENDS = ['webgpu', 'reference'] as const;
type Backend = (typeof BACKENDS)[number];

/** `oracle PATH…`: runs reference cases of other programs against the engine. */
export const oracle: Command = {
  name: 'oracle',
  summary: 'Compare the engine with cases that other programs computed',
  positionals: ['PATH…'],
  options: {
    backend: {
      type: 'string',
      value: 'NAME',
      help: 'webgpu (default): our kernels; reference: their slow twins, without a GPU',
    },
  },
  notes: [
    'PATH is a casepack (NAME.json with NAME.bin), a page of oracle/mmdet, a folder of them, a',
    'model folder (config.json and fixture.json), or a tree. Exit code 0: no case failed.',
  ],
  async run(args, terminal) {
    const backend = backendOf(args);
    // Files are looked for before a GPU is.
    const { findOracleInputs } = await import('../oracle-files.ts');
    const inputs = await findOracleInputs(args.positionals, terminal.cwd);
    const run = async () => {
      const { runInputs } = await import('../../oracle/run-inputs.ts');
      return runInputs(inputs, backend);
    };
    const report = backend === 'webgpu' ? await onGpu(terminal, run) : await run();
    const { describeReport } = await import('../../oracle/run-cases.ts');
    return {
      json: report,
      text: describeReport(report),
      summary: true,
      exitCode: report.failed === 0 ? 0 : 1,
    };
  },
};

function backendOf(args: Arguments): Backend {
  const given = args.text('backend') ?? 'webgpu';
  const backend = BACKENDS.find((known) => known === given);
  if (backend === undefined) {
    throw new UsageError(`--backend must be webgpu or reference, got ${JSON.stringify(given)}.`);
  }
  return backend;
}

/** Only after the GPU's start may tensors be imported. */
function onGpu<T>(terminal: Terminal, run: () => Promise<T>): Promise<T> {
  return withEngine(terminal, async (session) => {
    await requireGpu(session, terminal);
    return run();
  });
}
