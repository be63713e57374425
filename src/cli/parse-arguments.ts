import { parseArgs } from 'node:util';
import { nearestNames } from '../config/nearest-name.ts';
import { UsageError } from './command.ts';
import type { Arguments, Command, OptionSpec } from './command.ts';

/** Options that every command has. */
export const SHARED_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  json: { type: 'boolean', help: 'one JSON document on stdout, nothing else' },
  help: { type: 'boolean', help: 'this text' },
};

/** Takes several values after one flag, as Python's argparse does: `--cfg-options a=1 b=2`. */
const SEVERAL = 'cfg-options';

/**
 * Parses the arguments of a command strictly.
 *
 * @throws UsageError for an unknown option (naming the nearest), a missing value, or the wrong number of arguments
 */
export function parseArguments(
  command: Pick<Command, 'name' | 'positionals' | 'options'>,
  argv: readonly string[],
): Arguments {
  const specs = { ...command.options, ...SHARED_OPTIONS };
  let parsed: ReturnType<typeof parseWith>;
  try {
    parsed = parseWith(specs, SEVERAL in specs ? spreadSeveral(argv) : argv);
  } catch (error) {
    throw new UsageError(explain(error, Object.keys(specs)), { cause: error });
  }
  const args = argumentsOf(parsed);
  if (!args.flag('help')) checkPositionals(command.positionals, args.positionals);
  return args;
}

function parseWith(
  specs: Readonly<Record<string, OptionSpec>>,
  argv: readonly string[],
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { type, multiple }]) => [
      name,
      { type, multiple: multiple ?? false },
    ]),
  );
  return parseArgs({ args: [...argv], options, strict: true, allowPositionals: true });
}

/** `--cfg-options a=1 b=2 FILE` → `--cfg-options=a=1 --cfg-options=b=2 FILE`: values are what looks like `key=value`. */
function spreadSeveral(argv: readonly string[]): string[] {
  const spread: string[] = [];
  let inside = false;
  for (const [i, arg] of argv.entries()) {
    if (arg === '--') return [...spread, ...argv.slice(i)];
    if (arg === `--${SEVERAL}`) {
      inside = true;
      // Left as it is when nothing follows, so that the missing value is reported.
      if (!isAssignment(argv[i + 1])) spread.push(arg);
    } else if (inside && isAssignment(arg)) spread.push(`--${SEVERAL}=${arg}`);
    else {
      inside = false;
      spread.push(arg);
    }
  }
  return spread;
}

function isAssignment(arg: string | undefined): boolean {
  return arg !== undefined && !arg.startsWith('-') && /^[^=\s]+=/.test(arg);
}

function explain(error: unknown, names: readonly string[]): string {
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  const unknown = /^Unknown option '-{1,2}([^']*)'/.exec(message)?.[1];
  if (unknown === undefined) return message;
  const near = nearestNames(unknown.replace(/=.*$/, ''), names).map((name) => `--${name}`);
  return `unknown option --${unknown}.${near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ''}`;
}

function checkPositionals(wanted: readonly string[], given: readonly string[]): void {
  const missing = wanted[given.length];
  if (missing !== undefined && !missing.startsWith('['))
    throw new UsageError(`${missing.replace('…', '')} is missing.`);
  const open = /…\]?$/.test(wanted.at(-1) ?? '');
  if (!open && given.length > wanted.length) {
    throw new UsageError(`there is an argument too many: ${given[wanted.length] ?? ''}.`);
  }
}

function argumentsOf({ values, positionals }: ReturnType<typeof parseWith>): Arguments {
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const number = (name: string, isRight: (value: number) => boolean, wanted: string) => {
    const written = text(name);
    if (written === undefined) return undefined;
    const value = written.trim() === '' ? Number.NaN : Number(written);
    if (!isRight(value)) throw new UsageError(`--${name} takes ${wanted}, not ${written}.`);
    return value;
  };
  return {
    positionals,
    text,
    texts: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.map(String) : [];
    },
    flag: (name) => values[name] === true,
    integer: (name, least) =>
      number(
        name,
        (value) => Number.isSafeInteger(value) && value >= least,
        `a whole number of at least ${least}`,
      ),
    fraction: (name) => number(name, (value) => value >= 0 && value <= 1, 'a number from 0 to 1'),
  };
}
