import type { ReactNode } from 'react';
import { useT } from '../../i18n/use-t.ts';

/** The Config place. */
export function ConfigPanel(): ReactNode {
  const t = useT('config');
  return <h1>{t('title')}</h1>;
}
