import { FolderOpen, Images, Lock } from 'lucide-react';
import type { ReactNode } from 'react';
import { cancelListing, chooseFile, chooseFolder } from '../drop/open-dropped.ts';
import { openSample } from '../frame/use-app-commands.ts';
import { useT } from '../i18n/use-t.ts';
import { useServices, useStore } from '../store/store-context.tsx';
import { Button } from '../ui/button.tsx';
import { ErrorState } from '../ui/error-state.tsx';
import { KeyHint } from '../ui/key-hint.tsx';
import { OpeningProgress } from './opening-progress.tsx';
import styles from './start-screen.module.css';

/** The first visit: two doors, what each does, and what stays on this computer. */
export function StartScreen(): ReactNode {
  const t = useT('start');
  const { store } = useServices();
  const phase = useStore((state) => state.datasetPhase);
  const error = useStore((state) => state.datasetError);
  const dismiss = useStore((state) => state.dismissDatasetError);
  const busy = phase === 'listing' || phase === 'opening';
  return (
    <div className={styles['page']}>
      <div className={styles['head']}>
        <h2>{t('title')}</h2>
        <p>{t('lead')}</p>
      </div>
      {error === null ? null : <ErrorState error={error} onDismiss={dismiss} />}
      {busy ? (
        <OpeningProgress onCancel={phase === 'listing' ? cancelListing : undefined} />
      ) : (
        <div className={styles['doors']}>
          <section className={styles['door']} data-kind="drop">
            <FolderOpen size={28} strokeWidth={1.4} aria-hidden="true" />
            <h3>{t('dropTitle')}</h3>
            <p>{t('dropWhat')}</p>
            <div className={styles['actions']}>
              <Button size="l" onClick={() => void chooseFolder(store)}>
                {t('chooseFolder')}
              </Button>
              <Button size="l" variant="quiet" onClick={() => chooseFile(store, '.zip')}>
                {t('chooseZip')}
              </Button>
            </div>
            <p className={styles['note']}>
              {t('anywhere')} {t('dropPrompt')}
            </p>
          </section>
          <section className={styles['door']}>
            <Images size={28} strokeWidth={1.4} aria-hidden="true" />
            <h3>{t('sampleTitle')}</h3>
            <p>{t('sampleWhat')}</p>
            <div className={styles['actions']}>
              <Button size="l" variant="primary" onClick={() => void openSample(store)}>
                {t('openSample')}
              </Button>
            </div>
            <p className={styles['note']}>
              <Lock size={13} aria-hidden="true" /> {t('sampleStays')}
            </p>
          </section>
        </div>
      )}
      <ol className={styles['steps']}>
        <li>{t('stepData')}</li>
        <li>{t('stepTrain')}</li>
        <li>{t('stepResult')}</li>
      </ol>
      <p className={styles['keys']}>
        <KeyHint keys="?" /> {t('keysHint')}
      </p>
    </div>
  );
}
