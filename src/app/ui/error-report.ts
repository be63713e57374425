import { type ErrorDetails, formatError } from '../../base/errors.ts';

/** The text behind *copy report*: the error in English and the browser; no image, no label, no config. */
export function errorReport(error: ErrorDetails): string {
  const lines = [`Anchorage error ${error.code}`, formatError(error)];
  for (const [name, value] of Object.entries(error.params ?? {})) lines.push(`${name}: ${value}`);
  lines.push(navigator.userAgent);
  return lines.join('\n');
}
