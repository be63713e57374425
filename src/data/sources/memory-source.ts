import type { FileSource } from '../file-source.ts';

/** Texts and bytes as a source: what another part of the program made, or a test wrote down. Bytes are copied on reading. */
export function memorySource(
  name: string,
  contents: Readonly<Record<string, string | Uint8Array>>,
): FileSource {
  const files = Object.entries(contents).map(([path, content]) => {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    return { path, size: bytes.length, bytes: () => Promise.resolve(new Uint8Array(bytes)) };
  });
  return { name, files, dispose: () => undefined };
}
