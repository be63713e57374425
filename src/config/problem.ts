import type { ErrorDetails } from '../base/errors.ts';
import type { ConfigPath, Place } from './config-node.ts';

/** Structurally the worker protocol's `ConfigProblem`. */
export interface ConfigProblem extends ErrorDetails {
  readonly severity: 'error' | 'warning';
}

export interface ProblemInput {
  readonly code: string;
  readonly what: string;
  readonly why?: string;
  readonly action?: string;
  readonly place?: Place;
  readonly key?: string;
  readonly params?: Readonly<Record<string, string | number>>;
  readonly severity?: 'error' | 'warning';
}

/** A problem with its place in the form that crosses the worker boundary. Severity is `error` unless given. */
export function configProblem(input: ProblemInput): ConfigProblem {
  const { code, what, why, action, place, key, params } = input;
  const located =
    place !== undefined && place.line > 0 ? { line: place.line, column: place.column } : {};
  return {
    severity: input.severity ?? 'error',
    code,
    what,
    ...(why === undefined ? {} : { why }),
    ...(action === undefined ? {} : { action }),
    ...(params === undefined ? {} : { params }),
    place: {
      ...(place === undefined ? {} : { file: place.file }),
      ...located,
      ...(key === undefined || key === '' ? {} : { key }),
    },
  };
}

/** Quotes a list of names for a message: `a`, `b` or `c`. */
export function quotedList(names: readonly string[]): string {
  const quoted = names.map((name) => `\`${name}\``);
  const last = quoted.at(-1);
  return quoted.length < 2 || last === undefined
    ? quoted.join('')
    : `${quoted.slice(0, -1).join(', ')} or ${last}`;
}

/** Adds one problem at a key of the config. */
export type Report = (
  severity: 'error' | 'warning',
  path: ConfigPath,
  code: string,
  what: string,
  action: string,
) => void;
