import type { ReactNode } from 'react';
import { useT } from '../i18n/use-t.ts';
import { useStore } from '../store/store-context.tsx';
import { Button } from '../ui/button.tsx';
import { formatCount } from '../ui/format.ts';
import { ProgressLine } from '../ui/progress-line.tsx';
import styles from './opening-progress.module.css';

/** Counts while a dataset is listed and parsed. */
export function OpeningProgress(props: { readonly onCancel: (() => void) | undefined }): ReactNode {
  const t = useT('start');
  const progress = useStore((state) => state.datasetProgress);
  const done = formatCount(progress?.done ?? 0);
  const words =
    progress === null
      ? t('opening')
      : progress.task === 'listing'
        ? t('listing', { count: done })
        : progress.total > 0
          ? t('parsing', { done, total: formatCount(progress.total) })
          : t('parsingUnknown', { done });
  return (
    <div className={styles['root']} role="status">
      <p className={styles['words']}>{words}</p>
      <ProgressLine
        label={t('opening')}
        value={progress?.done ?? 0}
        max={progress?.total ?? 0}
        valueText={words}
      />
      {props.onCancel === undefined ? null : (
        <Button onClick={props.onCancel}>{t('cancel')}</Button>
      )}
    </div>
  );
}
