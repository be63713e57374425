import { benchSteps, stepName } from '../bench-steps.ts';
import type { BenchStep } from '../bench-steps.ts';
import { UsageError } from '../command.ts';
import type { Command } from '../command.ts';
import { requireGpu, withEngine } from '../engine.ts';
import { markdownTable } from '../markdown-table.ts';
import { readConfig, requireUsable } from '../usable-config.ts';

/** One step's entry in the document. */
interface Counters {
  readonly dispatches: number;
  readonly submits: number;
  readonly readbacks: number;
  readonly create_buffers: number;
  readonly create_bind_groups: number;
  readonly buffer_writes: number;
  readonly js_ms: number;
  readonly peak_bytes: number;
  /** Dispatches by kernel, most frequent first. */
  readonly kernels: Readonly<Record<string, number>>;
}

/** `bench`: what a training step of the detectors asks of the graphics adapter. */
export const bench: Command = {
  name: 'bench',
  summary: 'Counts the GPU commands of a training step',
  positionals: ['[NAMES…]'],
  options: {
    markdown: { type: 'boolean', help: 'tables in Markdown, as in docs/performance.md' },
  },
  notes: [
    `NAMES are parts of the names of steps; all are counted without them: ${benchSteps.map(stepName).join(', ')}.`,
    'Dispatches, writes and submits are counted and not made: the numbers are those of the second step.',
  ],
  async run(args, terminal) {
    const steps = chosen(args.positionals);
    const counters: Record<string, Counters> = {};
    let adapter = '';
    for (const step of steps) {
      const { config } = requireUsable(readConfig(step.preset, [], terminal), terminal);
      // A device whose commands were not carried out is of no further use, so each step has one of its own.
      await withEngine(terminal, async (session) => {
        await requireGpu(session, terminal);
        const gpu = await session.gpu();
        adapter = gpu.report.adapter;
        const { countTrainStep } = await import('../../worker/count-step.ts');
        const { device } = gpu.require().backend;
        const counts = countTrainStep(device, config, step);
        counters[stepName(step)] = {
          dispatches: counts.dispatches,
          submits: counts.submits,
          readbacks: counts.readbacks,
          create_buffers: counts.createBuffers,
          create_bind_groups: counts.createBindGroups,
          buffer_writes: counts.bufferWrites,
          js_ms: Math.round(counts.jsMs),
          peak_bytes: counts.peakBytes,
          kernels: counts.kernels,
        };
      });
    }
    return {
      json: { adapter, cases: [], geomean: {}, counters },
      text: args.flag('markdown') ? inMarkdown(counters) : inLines(counters),
      summary: true,
    };
  },
};

function chosen(names: readonly string[]): readonly BenchStep[] {
  if (names.length === 0) return benchSteps;
  for (const name of names) {
    if (!benchSteps.some((step) => stepName(step).includes(name))) {
      throw new UsageError(`no step is called ${name}: ${benchSteps.map(stepName).join(', ')}.`);
    }
  }
  return benchSteps.filter((step) => names.some((name) => stepName(step).includes(name)));
}

function inLines(counters: Readonly<Record<string, Counters>>): string {
  return Object.entries(counters)
    .map(([step, { kernels, ...numbers }]) =>
      [
        step,
        ...Object.entries(numbers).map(([key, value]) => `  ${key.padEnd(20)}${value}`),
        ...Object.entries(kernels).map(([key, value]) => `    ${String(value).padStart(4)} ${key}`),
      ].join('\n'),
    )
    .join('\n');
}

function inMarkdown(counters: Readonly<Record<string, Counters>>): string {
  const steps = Object.entries(counters);
  const totals = markdownTable(
    ['step', 'dispatches', 'submits', 'reads', 'buffers', 'bind groups', 'writes', 'peak MB'],
    steps.map(([step, c]) => [
      step,
      c.dispatches,
      c.submits,
      c.readbacks,
      c.create_buffers,
      c.create_bind_groups,
      c.buffer_writes,
      Math.round(c.peak_bytes / 1e6),
    ]),
  );
  const kernels = steps.map(([step, c]) =>
    markdownTable([`kernel (${step})`, 'dispatches'], Object.entries(c.kernels)),
  );
  return [totals, ...kernels].join('\n\n');
}
