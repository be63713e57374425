import { type ReactNode, useId } from 'react';
import { classNames } from './class-names.ts';
import styles from './field.module.css';

/** What a control inside a {@link Field} takes over: its id, and the id of what describes it. */
export interface FieldControl {
  readonly id: string;
  readonly 'aria-describedby'?: string;
  readonly 'aria-invalid'?: true;
}

export interface FieldProps {
  readonly label: ReactNode;
  /** A quiet line under the control. */
  readonly note?: ReactNode;
  /** What is wrong with the value; takes the note's place. */
  readonly error?: string;
  /** Label at the left of the control rather than above it. */
  readonly inline?: boolean;
  readonly children: (control: FieldControl) => ReactNode;
}

/** A labelled control: `<Field label={t('lr')}>{(control) => <NumberField {...control} … />}</Field>`. */
export function Field(props: FieldProps): ReactNode {
  const id = useId();
  const noteId = `${id}-note`;
  const described = props.error ?? props.note;
  return (
    <div className={classNames(styles['field'], props.inline === true && styles['inline'])}>
      <label className={styles['label']} htmlFor={id}>
        {props.label}
      </label>
      <div className={styles['control']}>
        {props.children({
          id,
          ...(described === undefined ? {} : { 'aria-describedby': noteId }),
          ...(props.error === undefined ? {} : { 'aria-invalid': true }),
        })}
        {described === undefined ? null : (
          <div id={noteId} className={props.error === undefined ? styles['note'] : styles['error']}>
            {described}
          </div>
        )}
      </div>
    </div>
  );
}
