export type LogLevel = 'info' | 'warning' | 'error';

export interface LogLine {
  /** Counts from 0 over all lines, those dropped included; stable while the line is kept. */
  readonly id: number;
  readonly level: LogLevel;
  readonly text: string;
}

const KEPT = 20_000;

/** The log of this visit, as MMEngine prints it. The oldest lines are dropped beyond a limit, and counted. */
export class LogBook {
  readonly #kept: number;
  #lines: LogLine[] = [];
  #added = 0;

  constructor(kept: number = KEPT) {
    this.#kept = kept;
  }

  /** The lines that are kept, oldest first; another array after each change. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }
  /** How many older lines are no longer kept. */
  get dropped(): number {
    return this.#added - this.#lines.length;
  }

  append(level: LogLevel, text: string): void {
    // A message may hold several lines (a traceback); each is a row of its own.
    const added = text.split('\n').map((line, i) => ({ id: this.#added + i, level, text: line }));
    this.#added += added.length;
    const all = [...this.#lines, ...added];
    this.#lines = all.length > this.#kept ? all.slice(all.length - this.#kept) : all;
  }
}

const RANK: Readonly<Record<LogLevel, number>> = { info: 0, warning: 1, error: 2 };

/** The lines of at least a level that contain all words of a query, in any order and case. */
export function filterLog(
  lines: readonly LogLine[],
  level: LogLevel,
  query: string,
): readonly LogLine[] {
  const words = query
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== '');
  if (level === 'info' && words.length === 0) return lines;
  return lines.filter((line) => {
    if (RANK[line.level] < RANK[level]) return false;
    const text = line.text.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
