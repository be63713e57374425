/** Where config files come from: bundled presets in the browser, presets and the disk in Node. */
export interface ConfigFiles {
  /**
   * Text of a file, or undefined when there is none. `path` has forward slashes and is relative to the preset folder
   * (`_base_/models/retinanet_r50_fpn.yaml`). In Node an absolute path, or one that starts with `./` or `../`, is on disk.
   */
  read(path: string): string | undefined;
  /** Paths of all presets and their bases, sorted. */
  list(): readonly string[];
}

/** Names of the presets a user can start from (`retinanet/retinanet_r18_fpn_sample`): every listed file outside `_base_`. */
export function presetNames(files: ConfigFiles): string[] {
  return files
    .list()
    .filter((path) => !path.startsWith('_base_/'))
    .map((path) => path.replace(/\.ya?ml$/, ''));
}

/** First comment block of a config text, as one line; empty when it starts with something else. */
export function presetDescription(text: string): string {
  const lines: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (!line.startsWith('#')) break;
    lines.push(line.replace(/^#+\s*/, '').trim());
  }
  return lines.join(' ').trim();
}
