import { defineStrings } from '../define-strings.ts';

export const device = defineStrings({
  en: { title: 'Device' },
  zh: { title: 'device' },
});
