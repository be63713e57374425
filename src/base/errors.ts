/**
 * Where an error was found. Every field is optional because a dropped folder, a config text and a message from an old
 * tab locate things differently; an error that knows nothing of its place leaves it out.
 */
export interface ErrorPlace {
  /** Path as the user knows it (inside the dropped folder, or a preset's name). */
  readonly file?: string;
  /** 1-based line and column. */
  readonly line?: number;
  readonly column?: number;
  /** Dotted config key, e.g. `model.backbone.depth`. */
  readonly key?: string;
}

export interface ErrorDetails {
  /** Stable, kebab-case; the interface looks its translation up by it. */
  readonly code: string;
  /** What happened, one sentence in English. */
  readonly what: string;
  /** Why it happened. */
  readonly why?: string;
  /** What the user can do about it. */
  readonly action?: string;
  readonly place?: ErrorPlace;
  /** Values that a translated message needs. */
  readonly params?: Readonly<Record<string, string | number>>;
}

/** An error meant for a person: what, where, why and what to do. It crosses the worker boundary as {@link ErrorDetails}. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly details: ErrorDetails;

  constructor(details: ErrorDetails, options?: ErrorOptions) {
    super(formatError(details), options);
    this.details = details;
  }
}

/** `file:3:7 (key): what Why. Action.` — the one-line form used by the command line and the log. */
export function formatError(details: ErrorDetails): string {
  const { place } = details;
  const at =
    place?.file === undefined
      ? ''
      : `${place.file}${place.line === undefined ? '' : `:${place.line}${place.column === undefined ? '' : `:${place.column}`}`}`;
  const key = place?.key === undefined ? '' : ` (${place.key})`;
  const head = at + key;
  return [head === '' ? '' : `${head.trim()}:`, details.what, details.why, details.action]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
}

/** The details of any thrown value, so that a boundary can always answer with a structured error. */
export function errorDetails(thrown: unknown): ErrorDetails {
  if (thrown instanceof UserError) return thrown.details;
  if (thrown instanceof Error) return { code: 'internal', what: thrown.message, why: thrown.name };
  return { code: 'internal', what: String(thrown) };
}
