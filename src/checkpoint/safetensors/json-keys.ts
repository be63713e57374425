/**
 * The first key that occurs twice in one object of a JSON text, or undefined. `JSON.parse` would keep the last one without
 * a word, and two readers of one checkpoint could then see different weights. The text must be valid JSON.
 */
export function firstDuplicateKey(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === '{') open.push(new Set());
    else if (char === '[') open.push(undefined);
    else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      const end = endOfString(json, i);
      const keys = open.at(-1);
      if (keys !== undefined && /^\s*:/.test(json.slice(end + 1, end + 64))) {
        const key: unknown = JSON.parse(json.slice(i, end + 1));
        if (typeof key === 'string' && keys.has(key)) return key;
        keys.add(String(key));
      }
      i = end;
    }
  }
  return undefined;
}

function endOfString(json: string, start: number): number {
  let i = start + 1;
  while (i < json.length && json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return i;
}
