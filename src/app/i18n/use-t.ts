import { useTranslation } from 'react-i18next';
import type { CallKey } from './define-strings.ts';
import type { STRINGS } from './strings/list.ts';

export type Namespace = keyof typeof STRINGS;

/** The keys that `useT(namespace)` accepts; plural stems without their suffix. */
export type KeyOf<N extends Namespace> = CallKey<keyof (typeof STRINGS)[N]['en'] & string>;

export type Translate<N extends Namespace> = (
  key: KeyOf<N>,
  params?: Readonly<Record<string, string | number>>,
) => string;

/** The words of one panel: `const t = useT('data'); t('images', { count: 3 })`. An unknown key does not compile. */
export function useT<N extends Namespace>(namespace: N): Translate<N> {
  const { t } = useTranslation(namespace);
  return (key, params) => t(key, params ?? {});
}

/** A word whose key is only known at run time (a problem's code); `undefined` when nobody wrote it. */
export function useOptionalT(
  namespace: Namespace,
): (key: string, params?: Readonly<Record<string, string | number>>) => string | undefined {
  const { t, i18n } = useTranslation(namespace);
  return (key, params) => {
    // Asked of the present language alone: English words in a Chinese sentence help nobody.
    const known = i18n.exists(key, { ns: namespace, lng: i18n.language, fallbackLng: false });
    return known ? t(key, params ?? {}) : undefined;
  };
}
