import { defineStrings } from '../define-strings.ts';

export const train = defineStrings({
  en: { title: 'Train' },
  zh: { title: 'train' },
});
