import { Target } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import { useT } from '../../i18n/use-t.ts';
import { selectHasModel } from '../../store/predict-slice.ts';
import { useStore } from '../../store/store-context.tsx';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorState } from '../../ui/error-state.tsx';
import { FileButton } from '../../ui/file-button.tsx';
import { Sheet } from '../../ui/sheet.tsx';
import { useIsNarrow } from '../../ui/use-media.ts';
import { CheckpointReport } from './checkpoint-report.tsx';
import { DetectionTable } from './detection-table.tsx';
import styles from './panel.module.css';
import { PredictStage } from './predict-stage.tsx';
import { PredictToolbar } from './predict-toolbar.tsx';
import { WEIGHT_FILES } from './weight-files.ts';

/** The Evaluate place; for now it predicts on single images. */
export function EvaluatePanel(): ReactNode {
  const hasModel = useStore(selectHasModel);
  return hasModel ? <Predict /> : <NoModel />;
}

function NoModel(): ReactNode {
  const t = useT('evaluate');
  const goTo = useStore((state) => state.goTo);
  const phase = useStore((state) => state.checkpointPhase);
  const error = useStore((state) => state.checkpointError);
  const loadCheckpoint = useStore((state) => state.loadCheckpoint);
  return (
    <div className={styles['none']}>
      {error === null ? null : <ErrorState layout="page" error={error} />}
      <EmptyState
        icon={Target}
        title={phase === 'loading' ? t('loadingWeights') : t('noModel')}
        text={t('noModelText')}
        action={
          <div className={styles['actions']}>
            <Button variant="primary" onClick={() => goTo('train')}>
              {t('goTrain')}
            </Button>
            <FileButton
              accept={WEIGHT_FILES}
              disabled={phase === 'loading'}
              onFile={(file) => void loadCheckpoint(file)}
            >
              {t('loadWeights')}
            </FileButton>
          </div>
        }
      />
    </div>
  );
}

function Predict(): ReactNode {
  const t = useT('evaluate');
  const narrow = useIsNarrow();
  const [detailsOpen, setDetailsOpen] = useState(false);
  const work = (
    <div className={styles['work']}>
      <PredictToolbar onDetails={() => setDetailsOpen(true)} />
      <div className={styles['stage']}>
        <PredictStage />
      </div>
    </div>
  );
  if (narrow) {
    return (
      <>
        {work}
        <Sheet open={detailsOpen} onOpenChange={setDetailsOpen} side="bottom" title={t('details')}>
          <Details />
        </Sheet>
      </>
    );
  }
  return (
    <Group orientation="horizontal" className={styles['group']}>
      <Panel minSize={320}>{work}</Panel>
      <Separator className={styles['separator']} aria-label={t('resize')} />
      <Panel defaultSize={340} minSize={260} maxSize="50%">
        <aside className={styles['aside']} aria-label={t('inspector')}>
          <Details />
        </aside>
      </Panel>
    </Group>
  );
}

function Details(): ReactNode {
  return (
    <div className={styles['details']}>
      <DetectionTable />
      <CheckpointReport />
    </div>
  );
}
