/** Rules for names that come from outside: one form, nothing that climbs out, no leftovers of operating systems. */

/**
 * `name` as a path with forward slashes and without `.` segments, or undefined when it must not be used: empty,
 * absolute, with a drive letter or scheme, with a `..` segment, or with a NUL.
 */
export function safePath(name: string): string | undefined {
  if (name.includes('\0')) return undefined;
  const slashed = name.replaceAll('\\', '/');
  if (slashed.startsWith('/')) return undefined;
  const segments = slashed.split('/').filter((segment) => segment !== '.' && segment !== '');
  if (segments.length === 0 || segments.includes('..')) return undefined;
  const path = segments.join('/');
  // Looked for in the result: `./C:` is a drive too once its dot is gone.
  return /^[a-z][a-z0-9+.-]*:/i.test(path) ? undefined : path;
}

/** Whether a path is a leftover of an operating system or a tool (`__MACOSX`, `._x`, `.DS_Store`, `.git/`, `Thumbs.db`). */
export function isLeftover(path: string): boolean {
  return /(^|\/)(__MACOSX|\.git|\.svn|\.ipynb_checkpoints|@eaDir)(\/|$)|(^|\/)(\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)$/i.test(
    path,
  );
}

/** Folders that mean something to a format; they stay in the paths even when everything is inside one of them. */
const LAYOUT_FOLDER =
  /^(annotations?|jpegimages|images?|img|imagesets|main|labels?|data|(train|val|valid|validation|test|trainval)\d*)$/i;

/** The wrapper folders that all paths begin with, e.g. `VOCdevkit/VOC2007/` with its last slash, or `''`. */
export function commonRoot(paths: readonly string[]): string {
  const [first] = paths;
  if (first === undefined) return '';
  let shared = first.split('/').slice(0, -1);
  for (const path of paths) {
    const segments = path.split('/');
    const differs = shared.findIndex(
      (segment, i) => segment !== segments[i] || i === segments.length - 1,
    );
    if (differs >= 0) shared = shared.slice(0, differs);
  }
  const layout = shared.findIndex((segment) => LAYOUT_FOLDER.test(segment));
  const wrappers = layout >= 0 ? shared.slice(0, layout) : shared;
  return wrappers.length === 0 ? '' : `${wrappers.join('/')}/`;
}

/** Last segment of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Folder of a path with its last slash, `''` at the root. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** Last segment without its extension (only the last one is taken off: `a.b.jpg` → `a.b`). */
export function stemOf(path: string): string {
  const base = baseName(path);
  const dot = base.lastIndexOf('.');
  return dot > 0 ? base.slice(0, dot) : base;
}

/** Extension in lower case without its dot, `''` when there is none. */
export function extensionOf(path: string): string {
  const base = baseName(path);
  const dot = base.lastIndexOf('.');
  return dot > 0 ? base.slice(dot + 1).toLowerCase() : '';
}
