import { type ReactNode, useState } from 'react';
import { classNames } from './class-names.ts';
import type { FieldControl } from './field.tsx';
import styles from './input.module.css';

export interface NumberFieldProps extends Partial<FieldControl> {
  readonly value: number;
  /** Called on Enter and on leaving the field, with a number inside the range. */
  readonly onCommit: (value: number) => void;
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
  /** Step of the arrow keys; Shift makes it ten times as large. Default 1. */
  readonly step?: number;
  readonly unit?: string;
  readonly disabled?: boolean;
  readonly readOnly?: boolean;
  readonly 'aria-label'?: string;
}

/** The number in `text`, or null when it is none or lies outside the range. Accepts `1e-4` and a decimal comma. */
export function parseNumber(
  text: string,
  range: { readonly min?: number; readonly max?: number; readonly integer?: boolean },
): number | null {
  const trimmed = text.trim().replace(',', '.');
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/iu.test(trimmed)) return null;
  const value = Number(trimmed);
  if (!Number.isFinite(value)) return null;
  if (range.integer === true && !Number.isInteger(value)) return null;
  if (range.min !== undefined && value < range.min) return null;
  if (range.max !== undefined && value > range.max) return null;
  return value;
}

/** A number that is only committed when it is one; what was typed stays visible, marked, until it is. */
export function NumberField(props: NumberFieldProps): ReactNode {
  const { value, onCommit, min, max, integer, step = 1, unit, ...control } = props;
  const [draft, setDraft] = useState<string | null>(null);
  const range = {
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(integer === undefined ? {} : { integer }),
  };
  const parsed = draft === null ? value : parseNumber(draft, range);
  const commit = (): void => {
    if (parsed === null) return;
    setDraft(null);
    if (parsed !== value) onCommit(parsed);
  };
  const nudge = (by: number): void => {
    const next = Number(((parsed ?? value) + by * step).toPrecision(12));
    const clamped = Math.min(max ?? Infinity, Math.max(min ?? -Infinity, next));
    setDraft(null);
    onCommit(clamped);
  };
  return (
    <div className={styles['number']}>
      <input
        {...control}
        type="text"
        inputMode={integer === true ? 'numeric' : 'decimal'}
        className={classNames(styles['input'])}
        value={draft ?? String(value)}
        {...(parsed === null ? { 'aria-invalid': true } : {})}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing || props.readOnly === true) return;
          if (event.key === 'Enter') commit();
          if (event.key === 'Escape') setDraft(null);
          if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
            event.preventDefault();
            nudge((event.key === 'ArrowUp' ? 1 : -1) * (event.shiftKey ? 10 : 1));
          }
        }}
      />
      {unit === undefined ? null : (
        <span className={styles['unit']} aria-hidden="true">
          {unit}
        </span>
      )}
    </div>
  );
}
