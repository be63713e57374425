import type { ReactNode } from 'react';
import { useT } from '../../i18n/use-t.ts';

/** The Data place. */
export function DataPanel(): ReactNode {
  const t = useT('data');
  return <h1>{t('title')}</h1>;
}
