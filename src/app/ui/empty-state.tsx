import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './empty-state.module.css';

export interface EmptyStateProps {
  readonly icon: LucideIcon;
  /** What would be here. */
  readonly title: string;
  readonly text?: ReactNode;
  /** One action. */
  readonly action?: ReactNode;
}

/** A view with nothing in it yet: what would be here, and the one thing to do. */
export function EmptyState({ icon: Icon, title, text, action }: EmptyStateProps): ReactNode {
  return (
    <div className={styles['root']}>
      <Icon size={28} strokeWidth={1.5} aria-hidden="true" />
      <h2>{title}</h2>
      {text === undefined ? null : <p>{text}</p>}
      {action}
    </div>
  );
}
