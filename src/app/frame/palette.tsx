import { Dialog } from '@base-ui/react/dialog';
import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { AppCommand } from '../commands/registry.ts';
import { useAllCommands } from '../commands/use-commands.ts';
import { useT } from '../i18n/use-t.ts';
import { useStore } from '../store/store-context.tsx';
import { KeyHint } from '../ui/key-hint.tsx';
import styles from './palette.module.css';

/** Commands whose title (or id, which is English in every language) holds all typed words. */
function matchCommands(commands: readonly AppCommand[], typed: string): readonly AppCommand[] {
  const words = typed
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== '');
  return commands.filter(({ title, id, enabled, keysOnly }) => {
    if (enabled === false || keysOnly === true) return false;
    const text = `${title} ${id}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Find a command by typing: arrows choose, Enter runs, Escape closes. */
export function Palette(): ReactNode {
  const t = useT('frame');
  const showPalette = useStore((state) => state.showPalette);
  const all = useAllCommands();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const listId = useId();
  const list = useRef<HTMLUListElement>(null);
  const found = useMemo(() => matchCommands(all, typed), [all, typed]);
  const chosen = Math.min(at, found.length - 1);
  useEffect(() => {
    list.current?.children[chosen]?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const run = (command: AppCommand | undefined): void => {
    if (command === undefined) return;
    showPalette(false);
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && found.length > 0) {
      event.preventDefault();
      setAt((chosen + step + found.length) % found.length);
    }
    if (event.key === 'Enter') {
      event.preventDefault();
      run(found[chosen]);
    }
  };
  return (
    <Dialog.Root open onOpenChange={showPalette}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles['scrim']} />
        <Dialog.Popup className={styles['popup']} aria-label={t('palette')}>
          <input
            className={styles['input']}
            type="text"
            role="combobox"
            aria-expanded="true"
            aria-controls={listId}
            aria-activedescendant={found.length === 0 ? undefined : `${listId}-${chosen}`}
            aria-label={t('palette')}
            placeholder={t('palettePlaceholder')}
            spellCheck={false}
            value={typed}
            onChange={(event) => {
              setTyped(event.target.value);
              setAt(0);
            }}
            onKeyDown={onKeyDown}
          />
          <ul
            ref={list}
            id={listId}
            role="listbox"
            aria-label={t('palette')}
            className={styles['list']}
          >
            {found.map((command, position) => (
              <li
                key={command.id}
                id={`${listId}-${position}`}
                role="option"
                aria-selected={position === chosen}
                className={styles['item']}
                onClick={() => run(command)}
                onPointerMove={() => setAt(position)}
              >
                {command.title}
                {command.keys[0] === undefined ? null : <KeyHint keys={command.keys[0]} />}
              </li>
            ))}
          </ul>
          {found.length === 0 ? <p className={styles['nothing']}>{t('paletteNothing')}</p> : null}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
