/** Text of a label file, and how it was read. */
export interface DecodedText {
  /** Without its byte order mark. */
  readonly text: string;
  /** Lower case, e.g. `utf-8`, `utf-16le`, `iso-8859-1`. */
  readonly encoding: string;
  /** True when some bytes did not fit the encoding and became U+FFFD. */
  readonly damaged: boolean;
  /** A declared encoding that this platform does not know; UTF-8 was used. */
  readonly unknownEncoding?: string;
}

/** Encoding by byte order mark, by the zero bytes of UTF-16 without a mark, or by the XML declaration. */
function findEncoding(bytes: Uint8Array): string {
  const [a = -1, b = -1, c = -1] = bytes;
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if (a > 0 && b === 0) return 'utf-16le';
  if (a === 0 && b > 0) return 'utf-16be';
  const start = String.fromCharCode(...bytes.subarray(0, 200));
  return (
    /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(start)?.[1]?.toLowerCase() ??
    'utf-8'
  );
}

/**
 * Decodes a text file by its byte order mark, else by its XML declaration, else as UTF-8. Bytes that do not fit are
 * replaced by U+FFFD and reported as `damaged`; nothing is guessed.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const encoding = findEncoding(bytes);
  let strict: TextDecoder;
  try {
    strict = new TextDecoder(encoding, { fatal: true });
  } catch {
    return { ...decodeWith('utf-8', bytes), unknownEncoding: encoding };
  }
  try {
    return { text: strict.decode(bytes), encoding, damaged: false };
  } catch {
    return decodeWith(encoding, bytes);
  }
}

function decodeWith(encoding: string, bytes: Uint8Array): DecodedText {
  const text = new TextDecoder(encoding).decode(bytes);
  return { text, encoding, damaged: text.includes('\uFFFD') };
}
