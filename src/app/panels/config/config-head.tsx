import { CircleAlert, CircleCheck, Download, FolderOpen, Play, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useT } from '../../i18n/use-t.ts';
import { selectConfig, selectTrainBlocker } from '../../store/config-slice.ts';
import { useStore } from '../../store/store-context.tsx';
import { Button } from '../../ui/button.tsx';
import { FileButton } from '../../ui/file-button.tsx';
import { formatCount } from '../../ui/format.ts';
import { saveFile } from '../../ui/save-file.ts';
import styles from './config-head.module.css';
import { planParts } from './plan-words.ts';
import { PresetPicker } from './preset-picker.tsx';

/** What was started from, whether it can run, how long it would run, and the button that runs it. */
export function ConfigHead(): ReactNode {
  return (
    <header className={styles['head']}>
      <PresetPicker />
      <Files />
      <State />
      <Plan />
      <TrainButton />
    </header>
  );
}

/** In and out as a .yaml file, which MMEngine reads too. */
function Files(): ReactNode {
  const t = useT('config');
  const text = useStore((state) => state.configText);
  const name = useStore((state) => state.configName);
  const openConfigText = useStore((state) => state.openConfigText);
  const stem = name.slice(name.lastIndexOf('/') + 1).replace(/\.ya?ml$/u, '');
  return (
    <div className={styles['files']}>
      <FileButton
        variant="quiet"
        accept=".yaml,.yml"
        onFile={(file) => void file.text().then((read) => openConfigText(read, file.name))}
      >
        <FolderOpen size={14} aria-hidden="true" />
        {t('open')}
      </FileButton>
      <Button
        variant="quiet"
        onClick={() => saveFile(new File([text], `${stem}.yaml`, { type: 'application/yaml' }))}
      >
        <Download size={14} aria-hidden="true" />
        {t('save')}
      </Button>
    </div>
  );
}

/** Checked, or how many errors and warnings. */
function State(): ReactNode {
  const t = useT('config');
  const phase = useStore((state) => state.configPhase);
  const problems = useStore(selectConfig)?.problems ?? [];
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const checking = phase === 'checking' || phase === 'loading';
  return (
    <p className={styles['state']} role="status" data-checking={checking ? '' : undefined}>
      {errors > 0 ? (
        <span className={styles['errors']}>
          <CircleAlert size={14} aria-hidden="true" />
          {t('errors', { count: errors })}
        </span>
      ) : null}
      {warnings > 0 ? (
        <span className={styles['warnings']}>
          <TriangleAlert size={14} aria-hidden="true" />
          {t('warnings', { count: warnings })}
        </span>
      ) : null}
      {problems.length === 0 ? (
        <span className={styles['ok']}>
          <CircleCheck size={14} aria-hidden="true" />
          {t('checked')}
        </span>
      ) : null}
      {checking ? <span className={styles['checking']}>{t('checking')}</span> : null}
    </p>
  );
}

/** Iterations that a run would make, and how they come about. */
function Plan(): ReactNode {
  const t = useT('config');
  const config = useStore(selectConfig);
  const dataset = useStore((state) => state.dataset);
  if (config === null) return null;
  const { iterations, epochs, batchSize } = planParts(config.plannedIterations, config.fields);
  if (iterations === 0) {
    return <p className={styles['plan']}>{t(dataset === null ? 'planNoData' : 'planInvalid')}</p>;
  }
  const parts = [t('planIterations', { count: iterations, n: formatCount(iterations) })];
  if (epochs !== null) {
    const each = formatCount(epochs.each);
    parts.push(t('planEpochs', { count: epochs.count, epochs: formatCount(epochs.count), each }));
  }
  if (batchSize !== null) parts.push(t('planBatch', { count: batchSize }));
  return <p className={styles['plan']}>{parts.join(' ')}</p>;
}

function TrainButton(): ReactNode {
  const t = useT('config');
  const train = useT('train');
  const blocker = useStore(selectTrainBlocker);
  const startRun = useStore((state) => state.startRun);
  const goTo = useStore((state) => state.goTo);
  const start = (): void => {
    void startRun();
    goTo('train');
  };
  return (
    <div className={styles['train']}>
      {blocker === null ? null : (
        <span id="config-train-why" className={styles['why']}>
          {blocker === 'config-errors' ? t('errorsFirst') : train(`blocked.${blocker}`)}
        </span>
      )}
      <Button
        variant="primary"
        disabled={blocker !== null}
        {...(blocker === null ? {} : { 'aria-describedby': 'config-train-why' })}
        onClick={start}
      >
        <Play size={13} fill="currentColor" strokeWidth={0} aria-hidden="true" />
        {t('train')}
      </Button>
    </div>
  );
}
