import { Switch as Base } from '@base-ui/react/switch';
import type { ReactNode } from 'react';
import styles from './switch.module.css';

export interface SwitchProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly id?: string;
  readonly disabled?: boolean;
  readonly 'aria-label'?: string;
  readonly 'aria-describedby'?: string;
}

/** On or off, at once. */
export function Switch({ checked, onChange, ...rest }: SwitchProps): ReactNode {
  return (
    <Base.Root {...rest} checked={checked} onCheckedChange={onChange} className={styles['track']}>
      <Base.Thumb className={styles['thumb']} />
    </Base.Root>
  );
}
