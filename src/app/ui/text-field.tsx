import type { ComponentProps, ReactNode } from 'react';
import { classNames } from './class-names.ts';
import styles from './input.module.css';

/** One line of text. */
export function TextField({ className, ...rest }: ComponentProps<'input'>): ReactNode {
  return (
    <input
      type="text"
      spellCheck={false}
      {...rest}
      className={classNames(styles['input'], className)}
    />
  );
}
