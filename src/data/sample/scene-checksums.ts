/**
 * Checksums of a few scenes, for the tests in Node and in the browser to be held to: both must give the same pixels and
 * boxes. They change when the artwork or the drawing changes, and then old runs cannot be repeated.
 */

/** FNV-1a, 32 bits, as eight hexadecimal digits (Fowler, Noll, Vo). */
export function checksum(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** Scenes chosen to show every kind of background, shadow, blur and grain. */
export const SCENE_CHECKSUMS: readonly {
  readonly seed: number;
  readonly index: number;
  readonly pixels: string;
  readonly boxes: string;
}[] = [
  { seed: 0, index: 0, pixels: 'aa855120', boxes: 'b49a4e99' },
  { seed: 0, index: 1, pixels: 'a2ec0a65', boxes: 'cfb6b693' },
  { seed: 0, index: 2, pixels: '0001bddb', boxes: '47df72c3' },
  { seed: 0, index: 3, pixels: 'a484f117', boxes: '3a677725' },
  { seed: 0, index: 5, pixels: '0926a93a', boxes: 'baddc3a0' },
  { seed: 0, index: 8, pixels: '7b44f18f', boxes: 'fa2fed8d' },
  { seed: 0, index: 13, pixels: '0f8ec3d5', boxes: '50d9902e' },
  { seed: 0, index: 100, pixels: '81986799', boxes: '423d3a38' },
  { seed: 0, index: 511, pixels: '54343f29', boxes: '20c193d6' },
  { seed: 0, index: 575, pixels: '2a113af8', boxes: '174ba267' },
  { seed: 20240607, index: 0, pixels: 'd30e7640', boxes: 'c7b9ae67' },
  { seed: 20240607, index: 1, pixels: '5a9f3bd2', boxes: 'a505d212' },
  { seed: 20240607, index: 2, pixels: '456a1e38', boxes: '9644d4d1' },
  { seed: 20240607, index: 3, pixels: '36bec30a', boxes: '05018853' },
  { seed: 20240607, index: 5, pixels: '82b30d4c', boxes: '0849f415' },
  { seed: 20240607, index: 8, pixels: '38d2cb5f', boxes: 'bd495955' },
  { seed: 20240607, index: 13, pixels: '46997e14', boxes: 'e39151e4' },
  { seed: 20240607, index: 100, pixels: '3e6af479', boxes: '56dba151' },
  { seed: 20240607, index: 511, pixels: 'c9b6d4b4', boxes: '6a03f2f0' },
  { seed: 20240607, index: 575, pixels: '3fe2ff88', boxes: '9f131677' },
];
