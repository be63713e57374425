import { defineStrings } from '../define-strings.ts';

export const start = defineStrings({
  en: { title: 'Start' },
  zh: { title: 'start' },
});
