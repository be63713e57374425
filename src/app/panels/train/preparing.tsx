import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { useT } from '../../i18n/use-t.ts';
import type { PreparingStep, RunRecord } from '../../series/run-history.ts';
import { formatCount } from '../../ui/format.ts';
import { ProgressLine } from '../../ui/progress-line.tsx';
import styles from './preparing.module.css';

/** What happens before the first point: each step by name, with its count. */
export function Preparing({ record }: { readonly record: RunRecord | undefined }): ReactNode {
  const t = useT('train');
  const steps = record?.steps ?? [];
  const preparing = record?.status?.phase === 'preparing';
  if (!preparing && steps.length === 0) {
    return <p className={styles['quiet']}>{t('noPoints')}</p>;
  }
  return (
    <div className={styles['preparing']}>
      <h3>{t('preparing')}</h3>
      <ol className={styles['steps']}>
        {steps.map((step, i) => (
          <Step key={step.label} step={step} done={!preparing || i < steps.length - 1} />
        ))}
      </ol>
      <p className={styles['note']}>{t('preparingNote')}</p>
    </div>
  );
}

const KNOWN = ['compiling', 'decoding', 'warming-up', 'first-step', 'loading'] as const;

function Step({ step, done }: { readonly step: PreparingStep; readonly done: boolean }): ReactNode {
  const t = useT('train');
  const counts = { done: formatCount(step.done), total: formatCount(step.total) };
  const known = KNOWN.find((label) => label === step.label);
  const words =
    known === undefined
      ? t('step.other', { label: step.label, ...counts })
      : t(`step.${known}`, counts);
  return (
    <li className={styles['step']}>
      <span className={styles['mark']} aria-hidden="true">
        {done ? <Check size={14} /> : null}
      </span>
      <span>{words}</span>
      {done ? null : (
        // One thing of one is not a share: the line then only says that something goes on.
        <ProgressLine
          label={words}
          value={step.done}
          max={step.total > 1 ? step.total : 0}
          valueText={words}
        />
      )}
    </li>
  );
}
