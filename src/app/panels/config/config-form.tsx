import { type ReactNode, useMemo } from 'react';
import type { ConfigField as FieldData, ConfigProblem } from '../../../worker/protocol.ts';
import { useErrorWords } from '../../i18n/error-words.ts';
import { useOptionalT, useT } from '../../i18n/use-t.ts';
import { selectConfig } from '../../store/config-slice.ts';
import { useStore } from '../../store/store-context.tsx';
import { ConfigField } from './config-field.tsx';
import styles from './config-form.module.css';

/** The dozen values that people change first, in groups, in step with the text. */
export function ConfigForm(): ReactNode {
  const t = useT('config');
  const groupName = useOptionalT('config');
  const config = useStore(selectConfig);
  const fields = useStore((state) => state.configFields);
  const groups = useMemo(() => grouped(fields), [fields]);
  const frozen = config !== null && config.fields.length === 0;
  return (
    <form
      className={styles['form']}
      aria-label={t('form')}
      onSubmit={(event) => event.preventDefault()}
    >
      {frozen ? <Frozen problem={config?.problems[0]} /> : null}
      {groups.map(([group, members]) => (
        <fieldset key={group} className={styles['group']}>
          <legend>{groupName(`group.${group}`) ?? group}</legend>
          {members.map((field) => (
            <ConfigField
              key={field.key}
              field={field}
              frozen={frozen}
              problem={config?.problems.find(({ place }) => place?.key === field.key)}
            />
          ))}
        </fieldset>
      ))}
    </form>
  );
}

/** Why nothing can be changed here now: the first error, at its line. */
function Frozen({ problem }: { readonly problem: ConfigProblem | undefined }): ReactNode {
  const t = useT('config');
  const words = useErrorWords();
  const line = problem?.place?.line;
  return (
    <div className={styles['frozen']}>
      <p>{t('frozen')}</p>
      {problem === undefined || line === undefined ? null : (
        <p>{t('frozenAt', { line, what: words(problem).what })}</p>
      )}
    </div>
  );
}

function grouped(fields: readonly FieldData[]): [string, FieldData[]][] {
  const groups = new Map<string, FieldData[]>();
  for (const field of fields) groups.set(field.group, [...(groups.get(field.group) ?? []), field]);
  return [...groups];
}
