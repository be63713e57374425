import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { STRINGS } from './strings/list.ts';

export type Language = 'en' | 'zh-Hans';

export const LANGUAGES: readonly Language[] = ['en', 'zh-Hans'];

/** The language of the browser if it is one of ours, else English. */
export function browserLanguage(preferred: readonly string[] = navigator.languages): Language {
  for (const tag of preferred) {
    if (/^zh\b/iu.test(tag)) return 'zh-Hans';
    if (/^en\b/iu.test(tag)) return 'en';
  }
  return 'en';
}

function resourcesOf(language: 'en' | 'zh'): Record<string, Readonly<Record<string, string>>> {
  return Object.fromEntries(
    Object.entries(STRINGS).map(([name, strings]) => [name, strings[language]]),
  );
}

/** Starts i18next once; later calls only switch the language. Synchronous: all words are in the bundle. */
function startI18n(language: Language): void {
  if (i18next.isInitialized) {
    void i18next.changeLanguage(language);
    return;
  }
  void i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: { en: resourcesOf('en'), 'zh-Hans': resourcesOf('zh') },
    ns: Object.keys(STRINGS),
    defaultNS: 'ui',
    // Keys are flat and may hold dots (`field.lr`).
    keySeparator: false,
    initAsync: false,
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
}

/** Switches the words and the document's language. */
export function applyLanguage(language: Language): void {
  startI18n(language);
  document.documentElement.lang = language;
}
