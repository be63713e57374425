import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallKey } from './define-strings.ts';
import type { STRINGS } from './strings/list.ts';

export type Namespace = keyof typeof STRINGS;

/** The keys that `useT(namespace)` accepts; plural stems without their suffix. */
export type KeyOf<N extends Namespace> = CallKey<keyof (typeof STRINGS)[N]['en'] & string>;

export type Params = Readonly<Record<string, string | number>>;

export type Translate<N extends Namespace> = (key: KeyOf<N>, params?: Params) => string;

const NO_PARAMS: Params = {};

/**
 * The words of one panel: `const t = useT('data'); t('images', { count: 3 })`. An unknown key does not compile. The function
 * is the same until the language changes, so it may be a dependency.
 */
export function useT<N extends Namespace>(namespace: N): Translate<N> {
  const { t } = useTranslation(namespace);
  return useCallback((key, params) => t(key, params ?? NO_PARAMS), [t]);
}

/** A word whose key is only known at run time (a problem's code); `undefined` when nobody wrote it. */
export function useOptionalT(
  namespace: Namespace,
): (key: string, params?: Params) => string | undefined {
  const { t, i18n } = useTranslation(namespace);
  return useCallback(
    (key, params) => {
      // Asked of the present language alone: English words in a Chinese sentence help nobody.
      const known = i18n.exists(key, { ns: namespace, lng: i18n.language, fallbackLng: false });
      return known ? t(key, params ?? NO_PARAMS) : undefined;
    },
    [t, i18n, namespace],
  );
}
