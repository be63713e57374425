import { Undo2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { useT } from '../../i18n/use-t.ts';
import { useStore } from '../../store/store-context.tsx';
import { Button } from '../../ui/button.tsx';
import { ErrorState } from '../../ui/error-state.tsx';
import styles from './config-notices.module.css';

/** A command that the engine refused, and the way back to a text that a preset replaced. */
export function ConfigNotices(): ReactNode {
  const t = useT('config');
  const ui = useT('ui');
  const error = useStore((state) => state.configError);
  const replaced = useStore((state) => state.replacedConfig);
  const restore = useStore((state) => state.restoreReplacedConfig);
  const dismiss = useStore((state) => state.dismissReplacedConfig);
  if (error === null && replaced === null) return null;
  return (
    <div className={styles['notices']}>
      {error === null ? null : <ErrorState error={error} />}
      {replaced === null ? null : (
        <p className={styles['replaced']} role="status">
          {t('replaced', { name: replaced.name.slice(replaced.name.lastIndexOf('/') + 1) })}
          <Button onClick={restore}>
            <Undo2 size={13} aria-hidden="true" />
            {t('restore')}
          </Button>
          <Button variant="quiet" onClick={dismiss}>
            {ui('dismiss')}
          </Button>
        </p>
      )}
    </div>
  );
}
