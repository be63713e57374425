import { Fragment, type ReactNode } from 'react';
import { COMMAND_GROUPS } from '../commands/registry.ts';
import { useAllCommands } from '../commands/use-commands.ts';
import { useT } from '../i18n/use-t.ts';
import { useStore } from '../store/store-context.tsx';
import { Field } from '../ui/field.tsx';
import { KeyHint, MOD_KEY } from '../ui/key-hint.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { Switch } from '../ui/switch.tsx';
import styles from './help-sheet.module.css';

/** All shortcuts that work at this moment, from the same list that the key handler reads. */
export function HelpSheet(): ReactNode {
  const t = useT('frame');
  const words = useT('commands');
  const commands = useAllCommands();
  const showHelp = useStore((state) => state.showHelp);
  const singleKeys = useStore((state) => state.singleKeys);
  const chooseSingleKeys = useStore((state) => state.chooseSingleKeys);
  return (
    <Sheet open onOpenChange={showHelp} title={t('help')}>
      <div className={styles['groups']}>
        {COMMAND_GROUPS.map((group) => {
          const listed = commands.filter(
            (command) => command.group === group && command.keys.length > 0,
          );
          if (listed.length === 0) return null;
          return (
            <section key={group} className={styles['group']}>
              <h3>{words(`group.${group}`)}</h3>
              <dl>
                {listed.map(({ id, title, keys }) => (
                  <Fragment key={id}>
                    <dt>{title}</dt>
                    <dd>
                      {keys.map((key) => (
                        <KeyHint key={key} keys={key} />
                      ))}
                    </dd>
                  </Fragment>
                ))}
              </dl>
            </section>
          );
        })}
      </div>
      <div className={styles['switch']}>
        <Field label={t('singleKeys')} note={t('singleKeysNote', { mod: MOD_KEY })} inline>
          {(control) => <Switch {...control} checked={singleKeys} onChange={chooseSingleKeys} />}
        </Field>
      </div>
    </Sheet>
  );
}
