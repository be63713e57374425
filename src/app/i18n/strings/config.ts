import { defineStrings } from '../define-strings.ts';

export const config = defineStrings({
  en: { title: 'Config' },
  zh: { title: 'config' },
});
