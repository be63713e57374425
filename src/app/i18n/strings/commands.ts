import { defineStrings } from '../define-strings.ts';

export const commands = defineStrings({
  en: { title: 'Commands' },
  zh: { title: 'commands' },
});
