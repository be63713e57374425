import { Download, Pause, Play, Square } from 'lucide-react';
import type { ReactNode } from 'react';
import { useT } from '../../i18n/use-t.ts';
import { selectTrainBlocker } from '../../store/config-slice.ts';
import { selectIsActive } from '../../store/run-slice.ts';
import { useStore } from '../../store/store-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Chip, type ChipTone } from '../../ui/chip.tsx';
import { saveFile } from '../../ui/save-file.ts';
import type { RunPhase, RunStatus } from '../../../worker/protocol.ts';
import styles from './run-head.module.css';
import { RunStats } from './run-stats.tsx';

const TONES: Readonly<Record<RunPhase, ChipTone>> = {
  idle: 'neutral',
  preparing: 'accent',
  running: 'accent',
  pausing: 'warn',
  paused: 'warn',
  stopping: 'neutral',
  stopped: 'neutral',
  finished: 'ok',
  failed: 'danger',
};

/** Which run, in what state, at what speed, and what can be done about it. */
export function RunHead({ run }: { readonly run: RunStatus }): ReactNode {
  const frame = useT('frame');
  return (
    <header className={styles['head']}>
      <div className={styles['who']}>
        <h2 className={styles['name']} title={run.name}>
          {run.name.slice(run.name.lastIndexOf('/') + 1)}
        </h2>
        <Chip tone={TONES[run.phase]}>{frame(`run.${run.phase}`)}</Chip>
      </div>
      <RunStats run={run} />
      <div className={styles['controls']}>
        <Controls phase={run.phase} />
        <SaveWeights run={run} />
      </div>
    </header>
  );
}

function Controls({ phase }: { readonly phase: RunPhase }): ReactNode {
  const t = useT('train');
  const active = useStore(selectIsActive);
  const blocker = useStore(selectTrainBlocker);
  const startRun = useStore((state) => state.startRun);
  const pauseRun = useStore((state) => state.pauseRun);
  const resumeRun = useStore((state) => state.resumeRun);
  const stopRun = useStore((state) => state.stopRun);
  if (!active) {
    const why = blocker === null ? undefined : t(`blocked.${blocker}`);
    return (
      <Button
        variant="primary"
        data-in-run-bar=""
        disabled={blocker !== null}
        title={why}
        onClick={() => void startRun()}
      >
        <Play size={13} fill="currentColor" strokeWidth={0} aria-hidden="true" />
        {t('again')}
      </Button>
    );
  }
  const waits = phase === 'pausing' || phase === 'stopping';
  return (
    <>
      {phase === 'paused' ? (
        <Button variant="primary" data-in-run-bar="" onClick={() => void resumeRun()}>
          <Play size={13} fill="currentColor" strokeWidth={0} aria-hidden="true" />
          {t('resume')}
        </Button>
      ) : (
        <Button
          data-in-run-bar=""
          disabled={waits}
          title={t('pauseNote')}
          onClick={() => void pauseRun()}
        >
          <Pause size={14} fill="currentColor" strokeWidth={0} aria-hidden="true" />
          {t('pause')}
        </Button>
      )}
      <Button
        data-in-run-bar=""
        disabled={phase === 'stopping'}
        title={t('stopNote')}
        onClick={() => void stopRun()}
      >
        <Square size={11} fill="currentColor" strokeWidth={0} aria-hidden="true" />
        {t('stop')}
      </Button>
    </>
  );
}

const AT_REST: readonly RunPhase[] = ['paused', 'stopped', 'finished', 'failed'];

/** The weights as a file; only while no step is under way, so that they are of one iteration. */
function SaveWeights({ run }: { readonly run: RunStatus }): ReactNode {
  const t = useT('train');
  const saving = useStore((state) => state.checkpointPhase === 'saving');
  const saveCheckpoint = useStore((state) => state.saveCheckpoint);
  if (run.iter === 0) return null;
  const rests = AT_REST.includes(run.phase);
  const save = async (): Promise<void> => {
    const file = await saveCheckpoint();
    if (file !== null) saveFile(file);
  };
  return (
    <Button
      data-save=""
      disabled={!rests || saving}
      title={t(rests ? 'weightsNote' : 'weightsLater')}
      onClick={() => void save()}
    >
      <Download size={14} aria-hidden="true" />
      {saving ? t('savingWeights') : t('weights')}
    </Button>
  );
}
