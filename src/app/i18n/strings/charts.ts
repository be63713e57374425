import { defineStrings } from '../define-strings.ts';

export const charts = defineStrings({
  en: { title: 'Charts' },
  zh: { title: 'charts' },
});
