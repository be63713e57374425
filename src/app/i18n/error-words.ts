import type { ErrorDetails } from '../../base/errors.ts';
import { useOptionalT, useT } from './use-t.ts';

export interface ErrorWords {
  readonly what: string;
  readonly where: string;
  readonly why: string;
  readonly action: string;
}

/**
 * The words of an error in the user's language. A code that has been translated (`errors.ts`: `code.what`, `code.why`,
 * `code.action`) is shown so; any other is shown in the engine's English, whole, rather than not at all.
 */
export function useErrorWords(): (error: ErrorDetails) => ErrorWords {
  const t = useT('errors');
  const optional = useOptionalT('errors');
  return (error) => {
    // Advice for a missing GPU depends on the browser and system, which the engine names in `platform`.
    const { platform } = error.params ?? {};
    const part = (name: 'what' | 'why' | 'action', english: string | undefined): string => {
      if (english === undefined) return '';
      const advice = platform === undefined ? undefined : optional(`advice.${platform}.${name}`);
      return advice ?? optional(`${error.code}.${name}`, error.params) ?? english;
    };
    return {
      what: part('what', error.what),
      where: placeText(error, t),
      why: part('why', error.why),
      action: part('action', error.action),
    };
  };
}

function placeText(error: ErrorDetails, t: ReturnType<typeof useT<'errors'>>): string {
  const { place } = error;
  if (place === undefined) return '';
  const parts: string[] = [];
  if (place.file !== undefined) parts.push(place.file);
  if (place.line !== undefined) {
    parts.push(
      place.column === undefined
        ? t('line', { line: place.line })
        : t('lineColumn', { line: place.line, column: place.column }),
    );
  }
  if (place.key !== undefined) parts.push(place.key);
  return parts.join(' · ');
}
