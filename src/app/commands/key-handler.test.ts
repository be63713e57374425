import { beforeEach, describe, expect, it } from 'vitest';
import { chordOf, createKeyHandler } from './key-handler.ts';
import type { AppCommand } from './registry.ts';

let ran: string[];
let clock: number;
let singleKeys: boolean;

beforeEach(() => {
  ran = [];
  clock = 0;
  singleKeys = true;
});

function command(id: string, keys: readonly string[], enabled?: boolean): AppCommand {
  return {
    id,
    group: 'app',
    title: id,
    keys,
    run: () => ran.push(id),
    ...(enabled === undefined ? {} : { enabled }),
  };
}

const COMMANDS = [
  command('data', ['g d']),
  command('train', ['g t']),
  command('boxes', ['t']),
  command('help', ['?']),
  command('zoom', ['+']),
  command('palette', ['Mod+k']),
  command('next', ['ArrowRight', 'j']),
  command('open', ['Enter']),
  command('off', ['x'], false),
];

function press(
  key: string,
  more: KeyboardEventInit & { target?: HTMLElement } = {},
): KeyboardEvent {
  const { target = document.body, ...init } = more;
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init });
  const handler = createHandler();
  target.addEventListener('keydown', handler, { once: true });
  target.dispatchEvent(event);
  target.removeEventListener('keydown', handler);
  return event;
}

let handler: ((event: KeyboardEvent) => void) | null = null;
beforeEach(() => {
  handler = null;
});
function createHandler(): (event: KeyboardEvent) => void {
  handler ??= createKeyHandler({
    commands: () => COMMANDS,
    singleKeys: () => singleKeys,
    now: () => clock,
  });
  return handler;
}

describe('keys', () => {
  it('two keys in turn; the second alone is another command', () => {
    press('g');
    press('t');
    press('t');
    expect(ran).toEqual(['train', 'boxes']);
  });

  it('a sequence does not wait for ever, and a wrong second key ends it', () => {
    press('g');
    clock = 5000;
    press('d');
    expect(ran).toEqual([]);
    press('g');
    press('z');
    press('d');
    expect(ran).toEqual([]);
  });

  it('symbols by what they type, letters by their place on layouts that are not Latin', () => {
    press('?', { shiftKey: true, code: 'Slash' });
    press('+', { shiftKey: true, code: 'Equal' });
    press('о', { code: 'KeyJ' });
    press('л', { code: 'KeyK', ctrlKey: true });
    expect(ran).toEqual(['help', 'zoom', 'next', 'palette']);
    expect(chordOf(new KeyboardEvent('keydown', { key: 'J', code: 'KeyJ', shiftKey: true }))).toBe(
      'Shift+j',
    );
  });

  it('on Dvorak the letter is what is typed, not the place', () => {
    press('j', { code: 'KeyC' });
    expect(ran).toEqual(['next']);
  });

  it('what is taken is not also done by the browser; what is not, is left alone', () => {
    expect(press('k', { code: 'KeyK', metaKey: true }).defaultPrevented).toBe(true);
    expect(press('s', { code: 'KeyS', ctrlKey: true }).defaultPrevented).toBe(false);
    expect(press('x').defaultPrevented).toBe(false);
    expect(ran).toEqual(['palette']);
  });

  it.each([
    ['input', 'j', []],
    ['textarea', 'j', []],
    ['select', 'ArrowRight', []],
    ['button', 'Enter', []],
    ['button', 'j', ['next']],
    ['a', 'Enter', []],
  ] as const)('in a <%s>, %s', (tag, key, expected) => {
    const target = document.createElement(tag);
    document.body.append(target);
    press(key, { target });
    expect(ran).toEqual(expected);
    target.remove();
  });

  it('a slider keeps its arrows, and chords work in text', () => {
    const range = document.createElement('input');
    range.type = 'range';
    const text = document.createElement('textarea');
    document.body.append(range, text);
    press('ArrowRight', { target: range });
    press('j', { target: range });
    press('k', { target: text, ctrlKey: true, code: 'KeyK' });
    expect(ran).toEqual(['next', 'palette']);
    range.remove();
    text.remove();
  });

  it('switched off: single characters rest, named keys and chords work', () => {
    singleKeys = false;
    press('j');
    press('?');
    press('ArrowRight');
    press('k', { ctrlKey: true, code: 'KeyK' });
    expect(ran).toEqual(['next', 'palette']);
  });
});
