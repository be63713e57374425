import type { ComponentProps, ReactNode } from 'react';
import styles from './button.module.css';
import { classNames } from './class-names.ts';

export interface ButtonProps extends ComponentProps<'button'> {
  /** `primary`: the one thing to do now; `plain`: bordered; `quiet`: text only; `danger`: destroys something. */
  readonly variant?: 'primary' | 'plain' | 'quiet' | 'danger';
  readonly size?: 'm' | 'l';
}

/** A button with words, and perhaps an icon before them. */
export function Button({
  variant = 'plain',
  size = 'm',
  className,
  ...rest
}: ButtonProps): ReactNode {
  return (
    <button
      type="button"
      {...rest}
      className={classNames(styles['button'], styles[variant], styles[size], className)}
    />
  );
}
