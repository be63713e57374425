import { Pause, Play, Square } from 'lucide-react';
import type { ReactNode } from 'react';
import { useT } from '../i18n/use-t.ts';
import type { RunPhase, RunStatus } from '../../worker/protocol.ts';
import { selectRun } from '../store/run-slice.ts';
import { useServices, useStore } from '../store/store-context.tsx';
import { formatCount, formatDuration, formatNumber } from '../ui/format.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { ProgressLine } from '../ui/progress-line.tsx';
import styles from './run-bar.module.css';
import { toggleRun } from './use-app-commands.ts';

const ACTIVE: readonly RunPhase[] = ['preparing', 'running', 'pausing', 'paused'];

/** The run, always in sight: what it is doing, how far it is, and the two or three things to do about it. */
export function RunBar(): ReactNode {
  const t = useT('frame');
  const run = useStore(selectRun);
  const goTo = useStore((state) => state.goTo);
  const hasData = useStore((state) => state.dataset !== null);
  const hasGpu = useStore((state) => state.device?.available !== false);
  const phase = run?.phase ?? 'idle';
  const noRun = hasGpu ? t(hasData ? 'run.noneWithData' : 'run.none') : t('run.noGpu');
  const words = run === null ? noRun : t(`run.${phase}`);
  return (
    <section className={styles['bar']} aria-label={t('run.title')} data-phase={phase}>
      <RunButtons phase={phase} canStart={hasData && hasGpu} />
      <button
        type="button"
        className={styles['open']}
        aria-label={`${words}. ${t('run.open')}`}
        onClick={() => goTo('train')}
      >
        <span className={styles['state']}>
          <span className={styles['phase']}>{words}</span>
          {run === null ? null : (
            <span className={styles['name']}>{run.name.replace(/.*\//u, '')}</span>
          )}
        </span>
        {run === null ? null : <Progress run={run} />}
        {run === null ? null : <Numbers run={run} />}
      </button>
      <div role="status" className="visually-hidden">
        {words}
      </div>
    </section>
  );
}

function RunButtons(props: { readonly phase: RunPhase; readonly canStart: boolean }): ReactNode {
  const t = useT('frame');
  const { store } = useServices();
  const stopRun = useStore((state) => state.stopRun);
  const { phase } = props;
  const running = phase === 'running' || phase === 'preparing' || phase === 'pausing';
  const label = running ? t('run.pause') : phase === 'paused' ? t('run.resume') : t('run.start');
  const disabled = phase === 'pausing' || phase === 'stopping' || !props.canStart;
  return (
    <div className={styles['buttons']}>
      <IconButton
        label={label}
        hint="Mod+Enter"
        variant={running || disabled ? 'quiet' : 'primary'}
        disabled={disabled}
        onClick={() => toggleRun(store)}
      >
        {running ? (
          <Pause size={16} fill="currentColor" strokeWidth={0} />
        ) : (
          <Play size={15} fill="currentColor" strokeWidth={0} />
        )}
      </IconButton>
      {ACTIVE.includes(phase) ? (
        <IconButton label={t('run.stop')} onClick={() => void stopRun()}>
          <Square size={13} fill="currentColor" strokeWidth={0} />
        </IconButton>
      ) : null}
    </div>
  );
}

function Progress({ run }: { readonly run: RunStatus }): ReactNode {
  const t = useT('frame');
  const { progress } = run;
  const words = useProgressWords(run);
  return (
    <span className={styles['progress']}>
      <ProgressLine
        label={t('run.progress')}
        value={progress?.done ?? run.iter}
        max={progress?.total ?? run.maxIters}
        valueText={words}
      />
    </span>
  );
}

function useProgressWords(run: RunStatus): string {
  const t = useT('frame');
  const { progress } = run;
  if (progress === undefined)
    return t('run.step', { iter: formatCount(run.iter), max: formatCount(run.maxIters) });
  const counts = { done: formatCount(progress.done), total: formatCount(progress.total) };
  if (progress.label === 'compiling') return t('run.compiling', counts);
  if (progress.label === 'decoding') return t('run.decoding', counts);
  if (progress.label === 'warming-up') return t('run.warmingUp', counts);
  return t('run.other', { label: progress.label, ...counts });
}

function Numbers({ run }: { readonly run: RunStatus }): ReactNode {
  const t = useT('frame');
  const loss = useStore((state) => state.lastLoss);
  const words = useProgressWords(run);
  return (
    <span className={styles['numbers']} data-volatile="">
      <span className={styles['step']}>{words}</span>
      {loss === null || run.iter === 0 ? null : (
        <span>{t('run.loss', { loss: formatNumber(loss) })}</span>
      )}
      {run.imagesPerSecond > 0 ? (
        <span className={styles['rate']}>
          {t('run.rate', { rate: formatNumber(run.imagesPerSecond) })}
        </span>
      ) : null}
      {run.etaSeconds >= 0 ? (
        <span>{t('run.eta', { time: formatDuration(run.etaSeconds) })}</span>
      ) : null}
    </span>
  );
}
