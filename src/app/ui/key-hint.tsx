import type { ReactNode } from 'react';
import styles from './key-hint.module.css';

const isMac = /Mac|iPhone|iPad/u.test(globalThis.navigator?.platform ?? '');

/** The key that goes with letters in chords, as this system's keyboards name it. */
export const MOD_KEY = isMac ? '⌘' : 'Ctrl';

const GLYPHS: Readonly<Record<string, string>> = {
  Mod: MOD_KEY,
  Shift: isMac ? '⇧' : 'Shift',
  Alt: isMac ? '⌥' : 'Alt',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Enter: '↵',
  Escape: 'Esc',
  '-': '−',
};

/** A key combination as keycaps: `g d` is two keys in turn, `Mod+k` two at once. */
export function KeyHint(props: { readonly keys: string }): ReactNode {
  const caps = props.keys
    .split(' ')
    .flatMap((chord) => (chord === '+' ? ['+'] : chord.split('+')))
    .map((key) => GLYPHS[key] ?? (key.length === 1 ? key.toUpperCase() : key));
  return (
    <span className={styles['keys']}>
      {caps.map((cap, position) => (
        <kbd key={`${position}${cap}`} className={styles['cap']}>
          {cap}
        </kbd>
      ))}
    </span>
  );
}
