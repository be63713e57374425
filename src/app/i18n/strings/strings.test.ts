import { describe, expect, it } from 'vitest';
import { STRINGS } from './list.ts';

const SETS = Object.entries(STRINGS).map(([name, { en, zh }]) => ({
  name,
  en: new Map(Object.entries<string>(en)),
  zh: new Map(Object.entries<string>(zh)),
}));

/** `{{count}}`, `{{name}}` … of a text, sorted. */
function placeholders(text: string): string[] {
  return [...text.matchAll(/\{\{\s*([\w.]+)[^}]*\}\}/gu)].map(([, name]) => name ?? '').sort();
}

describe.each(SETS)('words of $name', ({ en, zh }) => {
  it('are there in both languages; Chinese has no singular', () => {
    const wanted = [...en.keys()].filter((key) => !key.endsWith('_one'));
    expect([...zh.keys()].sort()).toEqual(wanted.sort());
  });

  it('are not empty, not left in English by oversight, and not padded', () => {
    for (const [key, text] of [...en, ...zh]) expect(text.trim(), key).toBe(text);
    for (const [key, text] of [...en, ...zh]) expect(text, key).not.toBe('');
    for (const [key, text] of zh) {
      const hasProse = /[a-z]{4,} [a-z]{3,} [a-z]{2,}/iu.test(
        text.replaceAll(/\{\{[^}]*\}\}|`[^`]*`|--?\S+/gu, ''),
      );
      expect(hasProse && !/[\u4e00-\u9fff]/u.test(text), `${key}: ${text}`).toBe(false);
    }
  });

  it('have the same placeholders', () => {
    for (const [key, text] of zh) {
      const english = en.get(key) ?? '';
      // A count may be told by the plural form alone.
      const drop = (list: string[]): string[] =>
        key.endsWith('_other') ? list.filter((one) => one !== 'count') : list;
      expect(drop(placeholders(text)), key).toEqual(drop(placeholders(english)));
    }
  });

  it('plural forms come in pairs', () => {
    for (const key of en.keys()) {
      if (key.endsWith('_one')) expect(en.has(key.replace(/_one$/u, '_other')), key).toBe(true);
    }
  });
});
