import { a } from './cycle-a.ts'; // planted: import(no-cycle)

export const b = (): number => a() + 1;
