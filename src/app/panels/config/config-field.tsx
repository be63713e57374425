import { type ReactNode, useState } from 'react';
import type { ConfigField as FieldData, ConfigProblem } from '../../../worker/protocol.ts';
import { useErrorWords } from '../../i18n/error-words.ts';
import { useOptionalT, useT } from '../../i18n/use-t.ts';
import { useStore } from '../../store/store-context.tsx';
import { Field, type FieldControl } from '../../ui/field.tsx';
import { NumberField } from '../../ui/number-field.tsx';
import { Select } from '../../ui/select.tsx';
import { Switch } from '../../ui/switch.tsx';
import { TextField } from '../../ui/text-field.tsx';
import styles from './config-field.module.css';
import { listText, parseNames, parseNumbers, sizeOf } from './field-value.ts';
import { useOriginWords } from './use-origin-words.ts';

export interface ConfigFieldProps {
  readonly field: FieldData;
  readonly problem: ConfigProblem | undefined;
  /** The text cannot be read, so nothing can be written into it. */
  readonly frozen: boolean;
}

/** One value of the config: its name, its value as a control, what is wrong with it, and who set it. */
export function ConfigField({ field, problem, frozen }: ConfigFieldProps): ReactNode {
  const words = useErrorWords();
  const label = useOptionalT('config')(field.labelId) ?? lastPart(field.key);
  const originWords = useOriginWords();
  const pending = useStore((state) => state.configEdits[field.key]);
  const edit = useStore((state) => state.editConfigField);
  const value = pending === undefined ? field.value : pending;
  return (
    <div className={styles['row']} title={`${field.key}\n${originWords(field.origin)}`}>
      <Field
        inline
        label={label}
        {...(problem === undefined ? {} : { error: words(problem).what })}
      >
        {(control) => (
          <Control
            control={control}
            field={{ ...field, value }}
            disabled={frozen}
            onCommit={(next) => void edit(field.key, next)}
          />
        )}
      </Field>
    </div>
  );
}

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}

interface ControlProps {
  readonly control: FieldControl;
  readonly field: FieldData;
  readonly disabled: boolean;
  readonly onCommit: (value: unknown) => void;
}

function Control(props: ControlProps): ReactNode {
  const { control, field, disabled, onCommit } = props;
  const { value } = field;
  const readOnly = field.readOnly === true;
  const unit = useUnit(field.unit);
  switch (field.kind) {
    case 'boolean':
      return (
        <Switch
          {...control}
          checked={value === true}
          disabled={disabled || readOnly}
          onChange={onCommit}
        />
      );
    case 'choice':
      return (
        <Select
          {...control}
          value={typeof value === 'string' ? value : ''}
          options={(field.choices ?? []).map((choice) => ({ value: choice, label: choice }))}
          disabled={disabled || readOnly}
          onChange={onCommit}
        />
      );
    case 'size':
      return <SizeControl {...props} />;
    case 'list':
    case 'strings':
      return <ListControl {...props} />;
    case 'number':
    case 'integer':
      return typeof value === 'number' ? (
        <NumberField
          {...control}
          {...rangeOf(field)}
          value={value}
          integer={field.kind === 'integer'}
          step={stepOf(field)}
          disabled={disabled}
          readOnly={readOnly}
          {...(unit === '' ? {} : { unit })}
          onCommit={onCommit}
        />
      ) : (
        <UnsetNumber {...props} />
      );
  }
}

function rangeOf({ min, max }: FieldData): { readonly min?: number; readonly max?: number } {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** A tenth of the value's own size, so that the arrow keys move a learning rate and a threshold alike. */
function stepOf({ kind, value }: FieldData): number {
  if (kind === 'integer' || typeof value !== 'number' || value === 0)
    return kind === 'integer' ? 1 : 0.01;
  return 10 ** (Math.floor(Math.log10(Math.abs(value))) - 1);
}

function useUnit(unit: string | undefined): string {
  const translated = useOptionalT('config')(`unit.${unit ?? ''}`);
  return translated ?? unit ?? '';
}

/** A value that the config does not set (`clip_grad: null`): empty until a number is typed. */
function UnsetNumber({ control, field, disabled, onCommit }: ControlProps): ReactNode {
  const t = useT('config');
  return (
    <DraftField
      control={control}
      text=""
      placeholder={t('unset')}
      disabled={disabled}
      readOnly={field.readOnly === true}
      parse={(text) => parseNumbers(text, rangeOf(field))?.[0] ?? null}
      onCommit={onCommit}
    />
  );
}

function ListControl({ control, field, disabled, onCommit }: ControlProps): ReactNode {
  const parse = (text: string): unknown =>
    field.kind === 'strings' ? parseNames(text) : parseNumbers(text, rangeOf(field));
  return (
    <DraftField
      control={control}
      text={listText(field.value)}
      disabled={disabled}
      readOnly={field.readOnly === true}
      parse={parse}
      onCommit={onCommit}
    />
  );
}

/** A line of text that is only committed when it can be read; until then it stays as it was typed, marked. */
function DraftField(props: {
  readonly control: FieldControl;
  readonly text: string;
  readonly placeholder?: string;
  readonly disabled: boolean;
  readonly readOnly: boolean;
  /** Null = cannot be read. */
  readonly parse: (text: string) => unknown;
  readonly onCommit: (value: unknown) => void;
}): ReactNode {
  const { control, text, parse, onCommit, placeholder, disabled, readOnly } = props;
  const [draft, setDraft] = useState<string | null>(null);
  const parsed = draft === null ? undefined : parse(draft);
  const commit = (): void => {
    if (draft === null || parsed === null) return;
    setDraft(null);
    if (draft !== text) onCommit(parsed);
  };
  return (
    <TextField
      {...control}
      value={draft ?? text}
      placeholder={placeholder}
      disabled={disabled}
      readOnly={readOnly}
      {...(parsed === null ? { 'aria-invalid': true } : {})}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        if (event.key === 'Enter') commit();
        if (event.key === 'Escape') setDraft(null);
      }}
    />
  );
}

function SizeControl({ control, field, disabled, onCommit }: ControlProps): ReactNode {
  const t = useT('config');
  const size = sizeOf(field.value);
  if (size === null) {
    return (
      <DraftField
        control={control}
        text={listText(field.value)}
        disabled={disabled}
        readOnly={field.readOnly === true}
        parse={(text) => sizeOf(parseNumbers(text, rangeOf(field)))}
        onCommit={onCommit}
      />
    );
  }
  const [width, height] = size;
  const shared = {
    ...rangeOf(field),
    integer: true,
    step: 32,
    disabled,
    readOnly: field.readOnly === true,
  };
  return (
    <div className={styles['size']}>
      <NumberField
        {...control}
        {...shared}
        value={width}
        onCommit={(next) => onCommit([next, height])}
      />
      <span aria-hidden="true">×</span>
      <NumberField
        {...shared}
        aria-label={t('height')}
        value={height}
        onCommit={(next) => onCommit([width, next])}
      />
    </div>
  );
}
