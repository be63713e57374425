/** One `--option` of a command. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** May be given several times. */
  readonly multiple?: boolean;
  /** What the value is called in the help, e.g. `DIR`; absent for switches. */
  readonly value?: string;
  readonly help: string;
}

/** The arguments of a call, by the command's own specification. */
export interface Arguments {
  /** Exactly those that the command names; the last may stand for several. */
  readonly positionals: readonly string[];
  /** The value of an option; undefined when it was not given. */
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  flag(name: string): boolean;
  /** A whole number of at least `least`. Throws a {@link UsageError} for anything else. */
  integer(name: string, least: number): number | undefined;
  /** A number from 0 to 1. Throws a {@link UsageError} for anything else. */
  fraction(name: string): number | undefined;
}

/** What a command answers when it has done its work. */
export interface Answer {
  /** The document of `--json`. */
  readonly json: unknown;
  /** The same for people; on stdout without `--json`, else on stderr when `summary` says so. */
  readonly text: string;
  /** Whether `text` is a summary worth showing beside the document. */
  readonly summary?: boolean;
  /** 0 unless given: a check that was made and failed answers all the same. */
  readonly exitCode?: number;
}

/** What a command may use of the process. */
export interface Terminal {
  /** Folder that paths are relative to. */
  readonly cwd: string;
  /** One line on stderr. */
  readonly say: (line: string) => void;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Names of the positional arguments; one that ends in `…` takes one or more, one in brackets may be left out. */
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** What the help says beyond the options. */
  readonly notes?: readonly string[];
  run(args: Arguments, terminal: Terminal): Promise<Answer>;
}

/** The command was called wrongly: stderr says how, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The user stopped the command; what was worth keeping is kept. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** As a shell reports a program that SIGINT ended. */
  readonly exitCode = 130;
}
