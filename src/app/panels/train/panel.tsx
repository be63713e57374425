import type { ReactNode } from 'react';
import { useT } from '../../i18n/use-t.ts';

/** The Train place. */
export function TrainPanel(): ReactNode {
  const t = useT('train');
  return <h1>{t('title')}</h1>;
}
