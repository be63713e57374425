import { ChartSpline } from 'lucide-react';
import type { ReactNode } from 'react';
import { useT } from '../../i18n/use-t.ts';
import { selectConfig, selectTrainBlocker } from '../../store/config-slice.ts';
import { useStore } from '../../store/store-context.tsx';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorState } from '../../ui/error-state.tsx';
import { formatCount } from '../../ui/format.ts';
import styles from './no-run.module.css';

/** Before the first run: what will be here, and the one thing to do next. */
export function NoRun(): ReactNode {
  const t = useT('train');
  const runError = useStore((state) => state.runError);
  const device = useStore((state) => state.device);
  const blocker = useStore(selectTrainBlocker);
  if (blocker === 'no-device' && device?.problem !== undefined) {
    return <ErrorState layout="page" error={device.problem} />;
  }
  return (
    <div className={styles['none']}>
      {runError === null ? null : <ErrorState layout="page" error={runError} />}
      <EmptyState icon={ChartSpline} title={t('emptyTitle')} text={<Plan />} action={<Action />} />
    </div>
  );
}

/** What the run would be: config, length and data in one sentence. */
function Plan(): ReactNode {
  const t = useT('train');
  const blocker = useStore(selectTrainBlocker);
  const dataset = useStore((state) => state.dataset);
  const config = useStore(selectConfig);
  const name = useStore((state) => state.configName);
  if (blocker === 'no-data') return t('emptyNoData');
  if (blocker === 'config-errors') return t('emptyConfigErrors', { name });
  if (config === null || dataset === null) return t('emptyText');
  return t('emptyPlan', {
    name: name.slice(name.lastIndexOf('/') + 1),
    iterations: formatCount(config.plannedIterations),
    images: formatCount(dataset.splits[dataset.trainSplit] ?? 0),
    dataset: dataset.name,
  });
}

function Action(): ReactNode {
  const t = useT('train');
  const blocker = useStore(selectTrainBlocker);
  const startRun = useStore((state) => state.startRun);
  const goTo = useStore((state) => state.goTo);
  if (blocker === 'no-data') {
    return (
      <Button variant="primary" onClick={() => goTo('data')}>
        {t('openData')}
      </Button>
    );
  }
  if (blocker === 'config-errors') {
    return (
      <Button variant="primary" onClick={() => goTo('config')}>
        {t('openConfig')}
      </Button>
    );
  }
  return (
    <div className={styles['actions']}>
      <Button variant="primary" onClick={() => void startRun()}>
        {t('start')}
      </Button>
      <Button onClick={() => goTo('config')}>{t('lookAtConfig')}</Button>
    </div>
  );
}
