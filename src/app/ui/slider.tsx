import type { CSSProperties, ReactNode } from 'react';
import type { FieldControl } from './field.tsx';
import styles from './slider.module.css';

export interface SliderProps extends Partial<FieldControl> {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly onChange: (value: number) => void;
  /** Said by screen readers instead of the bare number. */
  readonly valueText?: string;
  readonly disabled?: boolean;
  readonly 'aria-label'?: string;
}

/** A number by dragging; arrow keys, Page Up and Home work. */
export function Slider(props: SliderProps): ReactNode {
  const { onChange, valueText, ...rest } = props;
  const share = props.max === props.min ? 0 : (props.value - props.min) / (props.max - props.min);
  const style: CSSProperties & Record<'--share', string> = { '--share': `${share * 100}%` };
  return (
    <input
      {...rest}
      type="range"
      className={styles['slider']}
      style={style}
      {...(valueText === undefined ? {} : { 'aria-valuetext': valueText })}
      onChange={(event) => onChange(event.target.valueAsNumber)}
    />
  );
}
