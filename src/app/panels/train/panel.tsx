import { type ReactNode, useState } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import { useT } from '../../i18n/use-t.ts';
import { selectRun } from '../../store/run-slice.ts';
import { useStore } from '../../store/store-context.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { useIsNarrow } from '../../ui/use-media.ts';
import { CurvesArea } from './curves-area.tsx';
import { LogView } from './log-view.tsx';
import { NoRun } from './no-run.tsx';
import styles from './panel.module.css';
import { Predictions } from './predictions.tsx';
import { RunHead } from './run-head.tsx';
import { RunNotices } from './run-notices.tsx';

/** The Train place: the run in words and numbers, its curves, what it predicts, and its log. */
export function TrainPanel(): ReactNode {
  const run = useStore(selectRun);
  const narrow = useIsNarrow();
  if (run === null) return <NoRun />;
  return (
    <div className={styles['panel']}>
      <RunHead run={run} />
      <RunNotices run={run} />
      <div className={styles['work']}>{narrow ? <Narrow /> : <Wide />}</div>
    </div>
  );
}

function Wide(): ReactNode {
  const t = useT('train');
  return (
    <Group orientation="vertical" className={styles['group']}>
      <Panel minSize={200}>
        <Group orientation="horizontal" className={styles['group']}>
          <Panel minSize={320}>
            <CurvesArea />
          </Panel>
          <Separator className={styles['column']} aria-label={t('resizePredictions')} />
          <Panel defaultSize="38%" minSize={240} maxSize="70%">
            <Predictions />
          </Panel>
        </Group>
      </Panel>
      <Separator className={styles['row']} aria-label={t('resizeLog')} />
      <Panel defaultSize={144} minSize={36} maxSize="80%">
        <LogView />
      </Panel>
    </Group>
  );
}

type Tab = 'curves' | 'predictions' | 'log';

function Narrow(): ReactNode {
  const t = useT('train');
  const [tab, setTab] = useState<Tab>('curves');
  return (
    <Tabs<Tab>
      label={t('views')}
      value={tab}
      onChange={setTab}
      tabs={[
        { value: 'curves', label: t('curves'), content: <CurvesArea /> },
        { value: 'predictions', label: t('predictions'), content: <Predictions /> },
        { value: 'log', label: t('log'), content: <LogView /> },
      ]}
    />
  );
}
