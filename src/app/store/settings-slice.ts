import { browserLanguage, type Language, LANGUAGES } from '../i18n/i18n.ts';
import type { SliceCreator } from './slice.ts';

export type ThemeChoice = 'system' | 'light' | 'dark';

export interface SettingsSlice {
  readonly language: Language;
  readonly theme: ThemeChoice;
  /** Single-letter shortcuts can be switched off (WCAG 2.1.4); chords with Ctrl stay. */
  readonly singleKeys: boolean;
  chooseLanguage(language: Language): void;
  chooseTheme(theme: ThemeChoice): void;
  chooseSingleKeys(on: boolean): void;
}

const STORAGE_KEY = 'anchorage.settings';

/** What was kept from the last visit. A browser that refuses storage, or an old or foreign value, gives the defaults. */
function readKept(): Partial<Pick<SettingsSlice, 'language' | 'theme' | 'singleKeys'>> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}');
    if (typeof kept !== 'object' || kept === null) return {};
    const language = LANGUAGES.find((known) => 'language' in kept && kept.language === known);
    const themes: readonly ThemeChoice[] = ['system', 'light', 'dark'];
    const theme = themes.find((known) => 'theme' in kept && kept.theme === known);
    const singleKeys =
      'singleKeys' in kept && typeof kept.singleKeys === 'boolean' ? kept.singleKeys : undefined;
    return {
      ...(language === undefined ? {} : { language }),
      ...(theme === undefined ? {} : { theme }),
      ...(singleKeys === undefined ? {} : { singleKeys }),
    };
  } catch {
    // A corrupt value or a browser without storage: this visit starts from the defaults, and nothing of the user's is lost.
    return {};
  }
}

export const createSettingsSlice: SliceCreator<SettingsSlice> = ({ set, get }) => {
  const keep = (): void => {
    const { language, theme, singleKeys } = get();
    try {
      localStorage.setItem(STORAGE_KEY, JSON.stringify({ language, theme, singleKeys }));
    } catch {
      // Private windows may refuse; the choice then holds for this visit, which the user sees at once.
    }
  };
  return {
    language: browserLanguage(),
    theme: 'system',
    singleKeys: true,
    ...readKept(),
    chooseLanguage(language) {
      set({ language });
      keep();
    },
    chooseTheme(theme) {
      set({ theme });
      keep();
    },
    chooseSingleKeys(singleKeys) {
      set({ singleKeys });
      keep();
    },
  };
};
