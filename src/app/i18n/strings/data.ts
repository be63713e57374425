import { defineStrings } from '../define-strings.ts';

export const data = defineStrings({
  en: { title: 'Data' },
  zh: { title: 'data' },
});
