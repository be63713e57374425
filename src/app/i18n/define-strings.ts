/** i18next's plural suffixes; a call names the stem and passes `count`. */
type PluralSuffix = '_one' | '_other';

/** The key as a call writes it: `images_one` and `images_other` are both asked for as `images`. */
export type CallKey<K extends string> = K extends `${infer Stem}${PluralSuffix}` ? Stem : K;

/** One panel's words in both languages. Chinese has no singular, so it leaves the `_one` keys out. */
export interface Strings<K extends string> {
  readonly en: Readonly<Record<K, string>>;
  readonly zh: Readonly<Record<Exclude<K, `${string}_one`>, string>>;
}

/**
 * Declares the words of one panel. The English keys are the list: a Chinese key that is missing or superfluous does not
 * compile (and `strings.test.ts` looks again at run time, at placeholders too).
 */
export function defineStrings<const K extends string>(strings: {
  readonly en: Readonly<Record<K, string>>;
  readonly zh: Readonly<Record<Exclude<NoInfer<K>, `${string}_one`>, string>>;
}): Strings<K> {
  return strings;
}
