import { TriangleAlert } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { ErrorDetails } from '../../base/errors.ts';
import { useErrorWords } from '../i18n/error-words.ts';
import { useT } from '../i18n/use-t.ts';
import styles from './error-state.module.css';
import { errorReport } from './error-report.ts';

export interface ErrorStateProps {
  readonly error: ErrorDetails;
  /** The one thing to do about it, besides what the words say. */
  readonly action?: ReactNode;
  /** Takes the message away. */
  readonly onDismiss?: () => void;
  /** `page` fills the view; `inline` sits above what still works. */
  readonly layout?: 'page' | 'inline';
}

/** What happened, where, why, and what to do; *copy report* gives the same in plain text with the browser's name, no data. */
export function ErrorState({
  error,
  action,
  onDismiss,
  layout = 'inline',
}: ErrorStateProps): ReactNode {
  const t = useT('ui');
  const words = useErrorWords()(error);
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(errorReport(error));
    setCopied(true);
  };
  return (
    <div role="alert" className={styles[layout]}>
      <TriangleAlert size={18} className={styles['icon']} aria-hidden="true" />
      <div className={styles['words']}>
        <p className={styles['what']}>{words.what}</p>
        {words.where === '' ? null : <p className={styles['where']}>{words.where}</p>}
        {words.why === '' ? null : <p>{words.why}</p>}
        {words.action === '' ? null : <p className={styles['do']}>{words.action}</p>}
        <div className={styles['actions']}>
          {action}
          <button type="button" className={styles['text']} onClick={() => void copy()}>
            {copied ? t('copied') : t('copyReport')}
          </button>
          {onDismiss === undefined ? null : (
            <button type="button" className={styles['text']} onClick={onDismiss}>
              {t('dismiss')}
            </button>
          )}
        </div>
      </div>
    </div>
  );
}
