import { Shape } from './shape.ts'; // planted: TS1484

export function strictNull(value: string | undefined): number {
  return value.length; // planted: TS18048
}

export function implicitAny(value): string { // planted: TS7006
  return String(value);
}

export function unchecked(values: readonly number[]): number {
  return values[0]; // planted: TS2322
}

export function exactOptional(value: string | undefined): { readonly a?: string } {
  return { a: value }; // planted: TS2375
}

export function implicitReturn(value: boolean): number { // planted: TS2366
  if (value) return 1;
}

export function implicitUndefined(value: boolean) { // planted: TS7030
  if (value) return 1;
}

export function fallsThrough(value: number): number {
  let sum = 0;
  switch (value) {
    case 1: // planted: TS7029
      sum += 1;
    case 2:
      sum += 2;
      break;
    default:
      sum = 3;
  }
  return sum;
}

class Parent {
  name(): string {
    return 'parent';
  }
}

export class Child extends Parent {
  name(): string { // planted: TS4114
    return 'child';
  }
}

export function unusedLocal(): number {
  const never = 1; // planted: TS6133
  return 2;
}

export function unusedParameter(value: number): number { // planted: TS6133
  return 1;
}

export enum Side { // planted: TS1294
  Left,
}

export class ParameterProperty {
  constructor(readonly value: number) {} // planted: TS1294
}

export type Copy = Shape;
