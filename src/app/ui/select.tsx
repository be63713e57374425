import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';
import type { FieldControl } from './field.tsx';
import styles from './input.module.css';

export interface SelectProps<V extends string> extends Partial<FieldControl> {
  readonly value: V;
  readonly options: readonly {
    readonly value: V;
    readonly label: string;
    readonly disabled?: boolean;
  }[];
  readonly onChange: (value: V) => void;
  readonly disabled?: boolean;
  readonly 'aria-label'?: string;
  readonly className?: string | undefined;
}

/** The browser's own select: keyboard, touch and screen readers work as people know them. */
export function Select<V extends string>(props: SelectProps<V>): ReactNode {
  const { options, onChange, className, ...rest } = props;
  return (
    <select
      {...rest}
      className={classNames(styles['input'], styles['select'], className)}
      onChange={(event) => {
        const chosen = options.find((option) => option.value === event.target.value);
        if (chosen !== undefined) onChange(chosen.value);
      }}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value} disabled={option.disabled}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
