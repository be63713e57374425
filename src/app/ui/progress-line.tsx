import type { ReactNode } from 'react';
import styles from './progress-line.module.css';

export interface ProgressLineProps {
  readonly label: string;
  readonly value: number;
  /** 0 = not known: the line then shows no share, and the words carry the count. */
  readonly max: number;
  readonly valueText?: string;
}

/** A thin line that fills up. Always goes with words that hold the counts. */
export function ProgressLine({ label, value, max, valueText }: ProgressLineProps): ReactNode {
  const known = max > 0;
  const share = known ? Math.min(1, Math.max(0, value / max)) : 0;
  return (
    <div
      role="progressbar"
      aria-label={label}
      {...(known
        ? { 'aria-valuemin': 0, 'aria-valuemax': max, 'aria-valuenow': Math.min(value, max) }
        : {})}
      {...(valueText === undefined ? {} : { 'aria-valuetext': valueText })}
      className={styles['track']}
      data-unknown={known ? undefined : ''}
    >
      <div className={styles['fill']} style={{ transform: `scaleX(${share})` }} />
    </div>
  );
}
