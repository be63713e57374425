import type { ReactNode } from 'react';
import { useT } from '../../i18n/use-t.ts';

/** The Evaluate place. */
export function EvaluatePanel(): ReactNode {
  const t = useT('evaluate');
  return <h1>{t('title')}</h1>;
}
