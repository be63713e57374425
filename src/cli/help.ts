import type { Command, OptionSpec } from './command.ts';
import { SHARED_OPTIONS } from './parse-arguments.ts';

/** How the program is called. */
const PROGRAM = 'npm run -s cli --';

/** The text of `--help`: every command in a line. */
export function programHelp(commands: readonly Command[]): string {
  return [
    `usage: ${PROGRAM} COMMAND …`,
    '',
    'Trains and tests object detectors on WebGPU, on MMDetection 3.x configs.',
    '',
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    `${PROGRAM} COMMAND --help says more. Answers go to stdout, everything else to stderr.`,
  ].join('\n');
}

/** The text of `COMMAND --help`. */
export function commandHelp(command: Command): string {
  const options = Object.entries({ ...command.options, ...SHARED_OPTIONS });
  return [
    usageLine(command),
    '',
    command.summary,
    '',
    ...columns(options.map(([name, spec]) => [optionText(name, spec), spec.help])),
    ...(command.notes === undefined ? [] : ['', ...command.notes]),
  ].join('\n');
}

/** `usage: … train CONFIG --work-dir DIR …`. */
export function usageLine({ name, positionals, options }: Command): string {
  const flags = Object.entries(options).map(([option, spec]) => `[${optionText(option, spec)}]`);
  return ['usage:', PROGRAM, name, ...positionals, ...flags, '[--json]'].join(' ');
}

function optionText(name: string, { value, multiple }: OptionSpec): string {
  if (value === undefined) return `--${name}`;
  return `--${name} ${value}${multiple === true ? ' …' : ''}`;
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
