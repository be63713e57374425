import type { AppCommand } from './registry.ts';

/** How long the second key of `g d` may take. */
const SEQUENCE_MS = 1500;

const TEXT_INPUTS = new Set(['text', 'search', 'number', 'email', 'url', 'tel', 'password', '']);

/** The key as the registry writes it: `Mod+k`, `ArrowLeft`, `?`, `d`. */
export function chordOf(event: KeyboardEvent): string {
  // On layouts that are not Latin the letter is known by its place; symbols are known by what they type.
  const letter = /^Key([A-Z])$/u.exec(event.code)?.[1];
  const isLatin = /^[\x20-\x7e]$/u.test(event.key);
  const key =
    letter !== undefined && (!isLatin || event.ctrlKey || event.metaKey)
      ? letter.toLowerCase()
      : event.key;
  const plain = key.length === 1 ? key.toLowerCase() : key;
  const mod = event.ctrlKey || event.metaKey ? 'Mod+' : '';
  const alt = event.altKey ? 'Alt+' : '';
  // Shift is part of a symbol (`?`, `+`) but has to be named for letters and named keys.
  const shift = event.shiftKey && (key.length > 1 || /[a-z]/iu.test(key)) ? 'Shift+' : '';
  return `${mod}${alt}${shift}${plain}`;
}

/** Keys that a focused control uses itself are not taken from it. */
function belongsToControl(event: KeyboardEvent, chord: string): boolean {
  const { target } = event;
  if (!(target instanceof HTMLElement)) return false;
  const isChord = chord.startsWith('Mod+');
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return !isChord;
  if (target instanceof HTMLInputElement && TEXT_INPUTS.has(target.type)) return !isChord;
  if (target instanceof HTMLSelectElement) return !isChord;
  const named = chord.length > 1 && !isChord;
  if (target instanceof HTMLInputElement) return named;
  const role = target.getAttribute('role') ?? '';
  if (['slider', 'tab', 'option', 'menuitem', 'separator'].includes(role))
    return named && chord.startsWith('Arrow');
  return (
    (target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement) &&
    (chord === 'Enter' || chord === ' ')
  );
}

/** A character key by itself; can be switched off. */
function isSingleCharacter(chord: string): boolean {
  return chord.length === 1 && chord !== ' ';
}

export interface KeyHandlerOptions {
  readonly commands: () => readonly AppCommand[];
  /** Whether single letters work (WCAG 2.1.4). */
  readonly singleKeys: () => boolean;
  readonly now?: () => number;
}

/** Makes the one `keydown` listener: finds the command of a key or of two keys in turn and runs it. */
export function createKeyHandler(options: KeyHandlerOptions): (event: KeyboardEvent) => void {
  const now = options.now ?? (() => performance.now());
  let first = '';
  let firstAt = 0;
  const find = (keys: string): AppCommand | undefined =>
    options.commands().find((command) => command.keys.includes(keys));
  return (event) => {
    // 229 is what an input method sends before it composes.
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    const chord = chordOf(event);
    if (belongsToControl(event, chord)) return;
    if (isSingleCharacter(chord) && !options.singleKeys()) return;
    const pair =
      first !== '' && now() - firstAt < SEQUENCE_MS ? find(`${first} ${chord}`) : undefined;
    const command = pair ?? find(chord);
    first = '';
    if (command !== undefined) {
      if (command.enabled === false) return;
      event.preventDefault();
      command.run();
      return;
    }
    if (
      isSingleCharacter(chord) &&
      options.commands().some(({ keys }) => keys.some((k) => k.startsWith(`${chord} `)))
    ) {
      first = chord;
      firstAt = now();
    }
  };
}
