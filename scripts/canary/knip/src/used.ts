export const used = 1;
export const unusedValue = 2;
export interface UnusedType {
  readonly a: number;
}
