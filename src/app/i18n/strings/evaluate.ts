import { defineStrings } from '../define-strings.ts';

export const evaluate = defineStrings({
  en: { title: 'Evaluate' },
  zh: { title: 'evaluate' },
});
