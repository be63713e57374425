/**
 * The dotted key of each line of a YAML text as the engine prints it (block maps two spaces deep, lists of maps with `- `,
 * everything else on one line): `param_scheduler.0.begin`. A line without a key (a wrapped value) has the key above it.
 */
export function keysOfLines(text: string): string[] {
  // One entry per open level: how far its keys are indented, and the key or list position we are in.
  const levels: { readonly indent: number; name: string }[] = [];
  return text.split('\n').map((line) => {
    let rest = line;
    let indent = rest.length - rest.trimStart().length;
    rest = rest.slice(indent);
    while (rest.startsWith('- ') || rest === '-') {
      closeDeeper(levels, indent);
      const list = levels.at(-1);
      if (list?.indent === indent && /^\d+$/u.test(list.name))
        list.name = String(Number(list.name) + 1);
      else {
        // A list under a key may stand as deep as the key itself; printed ones are deeper.
        levels.push({ indent, name: '0' });
      }
      rest = rest.slice(2);
      indent += 2;
      const inner = rest.length - rest.trimStart().length;
      rest = rest.slice(inner);
      indent += inner;
    }
    const key = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s#'"[{][^#]*?)):(?:\s|$)/u.exec(rest);
    if (key !== null) {
      closeDeeper(levels, indent);
      if (levels.at(-1)?.indent === indent) levels.pop();
      levels.push({ indent, name: key[1] ?? key[2] ?? key[3] ?? '' });
    }
    return levels.map(({ name }) => name).join('.');
  });
}

function closeDeeper(levels: { readonly indent: number; name: string }[], indent: number): void {
  while ((levels.at(-1)?.indent ?? -1) > indent) levels.pop();
}

/** Which file set the value of a key: its own entry, or the nearest section's whose parts all come from one file. */
export function originOf(
  key: string,
  origins: Readonly<Record<string, string>>,
): readonly string[] {
  const own = origins[key];
  if (own !== undefined) return [own];
  const prefix = `${key}.`;
  const inside = Object.entries(origins).filter(([name]) => name.startsWith(prefix));
  return [...new Set(inside.map(([, file]) => file))];
}
