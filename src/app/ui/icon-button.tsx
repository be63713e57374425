import { Tooltip } from '@base-ui/react/tooltip';
import type { ComponentProps, ReactNode } from 'react';
import { classNames } from './class-names.ts';
import styles from './icon-button.module.css';
import { KeyHint } from './key-hint.tsx';

export interface IconButtonProps extends ComponentProps<'button'> {
  /** Said to screen readers and shown as a tooltip. */
  readonly label: string;
  /** Key combination shown in the tooltip, as in the command registry. */
  readonly hint?: string;
  readonly pressed?: boolean;
  readonly variant?: 'quiet' | 'primary';
}

/** A square button with only an icon. */
export function IconButton(props: IconButtonProps): ReactNode {
  const { label, hint, pressed, variant = 'quiet', className, children, ...rest } = props;
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        render={
          <button
            type="button"
            aria-label={label}
            {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
            {...rest}
            className={classNames(styles['button'], styles[variant], className)}
          />
        }
      >
        {children}
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} className={styles['positioner']}>
          {/* The button has the same words as its name, so screen readers are spared the repetition. */}
          <Tooltip.Popup className={styles['tip']} aria-hidden="true">
            {label}
            {hint === undefined ? null : <KeyHint keys={hint} />}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
