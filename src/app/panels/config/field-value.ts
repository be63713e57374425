import { parseNumber } from '../../ui/number-field.tsx';

/** How a list is written in one line of the form: `8, 11` or `person, car`. */
export function listText(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join(', ') : '';
}

/** The numbers of a comma-separated line; null when one is none or lies outside the range. */
export function parseNumbers(
  text: string,
  range: { readonly min?: number; readonly max?: number },
): number[] | null {
  const parts = text
    .replace(/^\s*[[(]/u, '')
    .replace(/[\])]\s*$/u, '')
    .split(/[,，\s]+/u)
    .filter((part) => part !== '');
  const numbers = parts.map((part) => parseNumber(part, range));
  return numbers.every((number) => number !== null) ? numbers : null;
}

/** The names of a comma-separated line, without empty ones. */
export function parseNames(text: string): string[] {
  return text
    .split(/[,，\n]/u)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Width and height of a size field; null when the value is none. */
export function sizeOf(value: unknown): readonly [number, number] | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [width, height]: unknown[] = value;
  return typeof width === 'number' && typeof height === 'number' ? [width, height] : null;
}
