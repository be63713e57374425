import { benchGroups, benchSteps, stepName } from '../bench-steps.ts';
import type { BenchStep } from '../bench-steps.ts';
import { UsageError } from '../command.ts';
import type { Command, Terminal } from '../command.ts';
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

/** One operator's entry in the document; milliseconds of wall time. */
interface TimedCase {
  readonly name: string;
  readonly group: string;
  readonly ours_ms: number;
  readonly min_ms: number;
  readonly max_ms: number;
}

/** `bench`: how long operators take, and what a training step of the detectors asks of the graphics adapter. */
export const bench: Command = {
  name: 'bench',
  summary: 'Times operators and counts the GPU commands of a training step',
  positionals: ['[NAMES…]'],
  options: {
    markdown: { type: 'boolean', help: 'tables in Markdown, as in docs/performance.md' },
  },
  notes: [
    `NAMES are groups of operators (${benchGroups.join(', ')})`,
    `and parts of the names of steps (${benchSteps.map(stepName).join(', ')}); without them all.`,
    'Operators: median, least and most of five runs. Steps: commands are counted and not made, so the',
    'numbers are those of the second step whatever the adapter.',
  ],
  async run(args, terminal) {
    const names = args.positionals;
    const steps = benchSteps.filter((step) => isChosen(names, stepName(step)));
    const counters: Record<string, Counters> = {};
    const groups = benchGroups.filter((group) => names.length === 0 || names.includes(group));
    requireKnown(names, steps, groups);
    const timed = groups.length === 0 ? NOTHING_TIMED : await timeOperators(groups, terminal);
    const { cases } = timed;
    let { adapter } = timed;
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
      json: { adapter, cases, geomean: {}, counters },
      text: args.flag('markdown') ? inMarkdown(cases, counters) : inLines(cases, counters),
      summary: true,
    };
  },
};

interface TimedOperators {
  readonly adapter: string;
  readonly cases: readonly TimedCase[];
}

const NOTHING_TIMED: TimedOperators = { adapter: '', cases: [] };

/** Times the operators of the chosen groups on one device. */
async function timeOperators(
  groups: readonly string[],
  terminal: Terminal,
): Promise<TimedOperators> {
  return withEngine(terminal, async (session) => {
    await requireGpu(session, terminal);
    const [{ benchCases }, { timeBenchCase }] = await Promise.all([
      import('../../ops/bench-list.ts'),
      import('../../ops/host/bench-case.ts'),
    ]);
    const cases: TimedCase[] = [];
    for (const bench of benchCases) {
      const { name, group } = bench;
      if (!groups.includes(group)) continue;
      const { median, min, max } = await timeBenchCase(bench);
      cases.push({ name, group, ours_ms: median, min_ms: min, max_ms: max });
    }
    return { adapter: (await session.gpu()).report.adapter, cases };
  });
}

function isChosen(names: readonly string[], name: string): boolean {
  return names.length === 0 || names.some((part) => name.includes(part));
}

function requireKnown(
  names: readonly string[],
  steps: readonly BenchStep[],
  groups: readonly string[],
): void {
  const unknown = names.find(
    (name) => !groups.includes(name) && !steps.some((step) => stepName(step).includes(name)),
  );
  if (unknown === undefined) return;
  const known = [...benchGroups, ...benchSteps.map(stepName)];
  throw new UsageError(`no operator or step is called ${unknown}: ${known.join(', ')}.`);
}

function inLines(
  cases: readonly TimedCase[],
  counters: Readonly<Record<string, Counters>>,
): string {
  const times = cases.map(
    ({ group, name, ours_ms: ms, min_ms: min, max_ms: max }) =>
      `${group.padEnd(14)}${name.padEnd(48)}${ms.toFixed(2).padStart(10)} ms (${min.toFixed(2)} to ${max.toFixed(2)})`,
  );
  return [...times, ...stepLines(counters)].join('\n');
}

function stepLines(counters: Readonly<Record<string, Counters>>): string[] {
  return Object.entries(counters).map(([step, { kernels, ...numbers }]) =>
    [
      step,
      ...Object.entries(numbers).map(([key, value]) => `  ${key.padEnd(20)}${value}`),
      ...Object.entries(kernels).map(([key, value]) => `    ${String(value).padStart(4)} ${key}`),
    ].join('\n'),
  );
}

function inMarkdown(
  cases: readonly TimedCase[],
  counters: Readonly<Record<string, Counters>>,
): string {
  const times = markdownTable(
    ['operator', 'group', 'median ms', 'min', 'max'],
    cases.map(({ name, group, ours_ms: ms, min_ms: min, max_ms: max }) => [
      name,
      group,
      ms.toFixed(1),
      min.toFixed(1),
      max.toFixed(1),
    ]),
  );
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
  return [...(cases.length > 0 ? [times] : []), totals, ...kernels].join('\n\n');
}
