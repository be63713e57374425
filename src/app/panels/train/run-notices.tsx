import type { ReactNode } from 'react';
import type { RunStatus } from '../../../worker/protocol.ts';
import { useT } from '../../i18n/use-t.ts';
import { firstNonFinite, type RunSeries } from '../../series/run-series.ts';
import { useStore } from '../../store/store-context.tsx';
import { Button } from '../../ui/button.tsx';
import { ErrorState } from '../../ui/error-state.tsx';
import { formatCount } from '../../ui/format.ts';
import { lossKeys } from './metric-order.ts';
import styles from './run-notices.module.css';
import { useShownRun } from './use-history.ts';

/** What went wrong with the run or with the last thing asked of it. What was computed stays in sight below. */
export function RunNotices({ run }: { readonly run: RunStatus }): ReactNode {
  const t = useT('train');
  const runError = useStore((state) => state.runError);
  const dismiss = useStore((state) => state.dismissRunError);
  const saveError = useStore((state) => state.checkpointError);
  const goTo = useStore((state) => state.goTo);
  const series = useShownRun()?.series;
  const failure = run.phase === 'failed' ? run.error : undefined;
  if (failure === undefined && runError === null && saveError === null) return null;
  return (
    <div className={styles['notices']}>
      {failure === undefined ? null : (
        <>
          <ErrorState
            error={failure}
            action={<Button onClick={() => goTo('config')}>{t('openConfig')}</Button>}
          />
          {series === undefined ? null : <NonFinite series={series} />}
        </>
      )}
      {runError === null ? null : <ErrorState error={runError} onDismiss={dismiss} />}
      {saveError === null ? null : <ErrorState error={saveError} />}
    </div>
  );
}

/** Where the numbers first ceased to be numbers, by the logged rows, and what that usually means. */
function NonFinite({ series }: { readonly series: RunSeries }): ReactNode {
  const t = useT('train');
  const first = firstNonFinite(series, lossKeys(series.keys));
  if (first === null) return null;
  const { key, iter, value } = first;
  return (
    <p className={styles['note']}>
      {t('nonFinite', { key, value: String(value), iter: formatCount(iter) })}
    </p>
  );
}
