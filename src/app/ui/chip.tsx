import type { ReactNode } from 'react';
import styles from './chip.module.css';
import { classNames } from './class-names.ts';

export type ChipTone = 'neutral' | 'accent' | 'ok' | 'warn' | 'danger';

/** A short state in words, with a coloured mark before it. */
export function Chip(props: { readonly tone?: ChipTone; readonly children: ReactNode }): ReactNode {
  return (
    <span className={classNames(styles['chip'], styles[props.tone ?? 'neutral'])}>
      {props.children}
    </span>
  );
}
