import { defineStrings } from '../define-strings.ts';

export const frame = defineStrings({
  en: { title: 'Frame' },
  zh: { title: 'frame' },
});
