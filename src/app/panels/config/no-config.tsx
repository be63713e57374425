import { SlidersHorizontal } from 'lucide-react';
import type { ReactNode } from 'react';
import { useT } from '../../i18n/use-t.ts';
import { useStore } from '../../store/store-context.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorState } from '../../ui/error-state.tsx';
import { ProgressLine } from '../../ui/progress-line.tsx';
import styles from './no-config.module.css';
import { PresetPicker } from './preset-picker.tsx';

/** Before a config is loaded: what will be here, and a preset to start from. */
export function NoConfig(): ReactNode {
  const t = useT('config');
  const ui = useT('ui');
  const phase = useStore((state) => state.configPhase);
  const presets = useStore((state) => state.presets);
  const error = useStore((state) => state.configError);
  const engineError = useStore((state) => state.engineError);
  const failure = error ?? engineError;
  if (phase === 'loading') return <ProgressLine label={ui('loading')} value={0} max={0} />;
  return (
    <div className={styles['none']}>
      {failure === null ? null : <ErrorState layout="page" error={failure} />}
      <EmptyState
        icon={SlidersHorizontal}
        title={t('emptyTitle')}
        text={t(presets.length === 0 ? 'emptyWaiting' : 'emptyText')}
        action={presets.length === 0 ? undefined : <PresetPicker />}
      />
    </div>
  );
}
