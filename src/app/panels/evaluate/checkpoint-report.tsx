import { Download } from 'lucide-react';
import type { ReactNode } from 'react';
import { runCommand } from '../../commands/registry.ts';
import { useT } from '../../i18n/use-t.ts';
import { useStore } from '../../store/store-context.tsx';
import type { CheckpointInfo } from '../../../worker/protocol.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorState } from '../../ui/error-state.tsx';
import { FileButton } from '../../ui/file-button.tsx';
import { formatBytes, formatCount } from '../../ui/format.ts';
import styles from './checkpoint-report.module.css';
import { WEIGHT_FILES } from './weight-files.ts';

/** Where the weights come from, what fitted when they were loaded, and the way to take them along. */
export function CheckpointReport(): ReactNode {
  const t = useT('evaluate');
  const checkpoint = useStore((state) => state.checkpoint);
  const phase = useStore((state) => state.checkpointPhase);
  const error = useStore((state) => state.checkpointError);
  const iter = useStore((state) => state.run?.iter ?? 0);
  const loadCheckpoint = useStore((state) => state.loadCheckpoint);
  const busy = phase !== 'none';
  return (
    <section className={styles['root']}>
      <h2 className={styles['heading']}>{t('weights')}</h2>
      {error === null ? null : <ErrorState error={error} />}
      {checkpoint === null ? (
        <p>{t('fromRun', { iter: formatCount(iter) })}</p>
      ) : (
        <Report checkpoint={checkpoint} />
      )}
      <div className={styles['actions']}>
        <Button disabled={busy} onClick={() => runCommand('run.save')}>
          <Download size={15} aria-hidden="true" />{' '}
          {phase === 'saving' ? t('savingWeights') : t('saveWeights')}
        </Button>
        <FileButton
          accept={WEIGHT_FILES}
          disabled={busy}
          variant="quiet"
          onFile={(file) => void loadCheckpoint(file)}
        >
          {phase === 'loading' ? t('loadingWeights') : t('loadWeights')}
        </FileButton>
      </div>
    </section>
  );
}

function Report({ checkpoint }: { readonly checkpoint: CheckpointInfo }): ReactNode {
  const t = useT('evaluate');
  const { missing, unexpected, mismatched } = checkpoint;
  const fits = missing.length + mismatched.length === 0;
  return (
    <>
      <p className={styles['name']}>
        {t('fromFile', { name: checkpoint.name, iter: formatCount(checkpoint.iter) })}
      </p>
      <p className={styles['quiet']}>
        {t('tensors', { count: checkpoint.tensors, bytes: formatBytes(checkpoint.bytes) })}
      </p>
      {fits ? <p>{t('fitted')}</p> : null}
      <Keys title={t('missing', { count: missing.length })} keys={missing} tone="warn" />
      <Keys title={t('mismatched', { count: mismatched.length })} keys={mismatched} tone="warn" />
      <Keys title={t('unexpected', { count: unexpected.length })} keys={unexpected} tone="quiet" />
    </>
  );
}

function Keys(props: {
  readonly title: string;
  readonly keys: readonly string[];
  readonly tone: 'warn' | 'quiet';
}): ReactNode {
  if (props.keys.length === 0) return null;
  return (
    <details className={styles['keys']}>
      <summary className={styles[props.tone]}>{props.title}</summary>
      <ul>
        {props.keys.map((key) => (
          <li key={key}>
            <code>{key}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}
