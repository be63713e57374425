import { defineStrings } from '../define-strings.ts';

export const errors = defineStrings({
  en: {
    line: 'line {{line}}',
    lineColumn: 'line {{line}}, column {{column}}',
  },
  zh: {
    line: '第 {{line}} 行',
    lineColumn: '第 {{line}} 行，第 {{column}} 列',
  },
});
