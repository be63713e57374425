import { b } from './cycle-b.ts'; // planted: import(no-cycle)

export const a = (): number => b() + 1;
