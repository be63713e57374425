/**
 * Walks the Huffman codes of a sequential JPEG (ITU-T T.81, Annex F) without making pixels of them. Decoders of browsers
 * and libraries paint on over changed bytes without a word; a walk shows that the codes no longer come out even.
 */

interface Component {
  readonly id: number;
  readonly h: number;
  readonly v: number;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
}

/** For every 16-bit beginning: length of the code in the high byte, symbol in the low; 0 where no code fits. */
type HuffmanTable = Uint16Array;

/** More bytes than this after the last block are not padding of some encoder any more. */
const MAX_LEFT_BYTES = 8;

function readHuffmanTables(segment: Uint8Array, tables: Map<number, HuffmanTable>): void {
  let at = 0;
  while (at + 17 <= segment.length) {
    const slot = segment[at] ?? 0;
    const table = new Uint16Array(65_536);
    let symbolAt = at + 17;
    let code = 0;
    for (let length = 1; length <= 16; length++) {
      const count = segment[at + length] ?? 0;
      for (let i = 0; i < count; i++, code++, symbolAt++) {
        const from = code << (16 - length);
        table.fill((length << 8) | (segment[symbolAt] ?? 0), from, from + (1 << (16 - length)));
      }
      code <<= 1;
    }
    tables.set(slot, table);
    at = symbolAt;
  }
}

function readFrame(segment: Uint8Array): Frame {
  const count = segment[5] ?? 0;
  const components = Array.from({ length: count }, (_, i): Component => {
    const sampling = segment[7 + 3 * i] ?? 0x11;
    return {
      id: segment[6 + 3 * i] ?? 0,
      h: Math.max(1, sampling >> 4),
      v: Math.max(1, sampling & 15),
    };
  });
  return {
    height: ((segment[1] ?? 0) << 8) | (segment[2] ?? 0),
    width: ((segment[3] ?? 0) << 8) | (segment[4] ?? 0),
    components,
  };
}

/** The blocks of one MCU, as pairs of tables (DC, AC), and the number of MCUs of a scan. */
interface ScanPlan {
  readonly blocks: readonly (readonly [HuffmanTable, HuffmanTable])[];
  readonly numMcus: number;
}

function planScan(
  segment: Uint8Array,
  frame: Frame,
  tables: ReadonlyMap<number, HuffmanTable>,
): ScanPlan | undefined {
  const count = segment[0] ?? 0;
  const hMax = Math.max(...frame.components.map(({ h }) => h));
  const vMax = Math.max(...frame.components.map(({ v }) => v));
  const blocks: (readonly [HuffmanTable, HuffmanTable])[] = [];
  let numMcus = Math.ceil(frame.width / (8 * hMax)) * Math.ceil(frame.height / (8 * vMax));
  for (let i = 0; i < count; i++) {
    const component = frame.components.find(({ id }) => id === segment[1 + 2 * i]);
    const slots = segment[2 + 2 * i] ?? 0;
    const [dc, ac] = [tables.get(slots >> 4), tables.get(0x10 | (slots & 15))];
    if (component === undefined || dc === undefined || ac === undefined) return undefined;
    const { h, v } = component;
    // A scan of one component is not interleaved: one block per MCU, only those that hold picture
    const perMcu = count === 1 ? 1 : h * v;
    if (count === 1)
      numMcus =
        Math.ceil(Math.ceil((frame.width * h) / hMax) / 8) *
        Math.ceil(Math.ceil((frame.height * v) / vMax) / 8);
    for (let k = 0; k < perMcu; k++) blocks.push([dc, ac]);
  }
  return { blocks, numMcus };
}

/** Reads bits of entropy-coded data from which the stuffed zeros were taken. */
class CodeReader {
  position = 0;
  readonly #data: Uint8Array;
  readonly #numBits: number;

  constructor(data: Uint8Array) {
    this.#data = data;
    this.#numBits = 8 * data.length;
  }

  get bitsLeft(): number {
    return this.#numBits - this.position;
  }

  /** The next symbol, its extra bits (low nibble) skipped; −1 when no code fits or the data is over. */
  next(table: HuffmanTable): number {
    const byte = this.position >> 3;
    const window =
      ((this.#data[byte] ?? 255) << 16) |
      ((this.#data[byte + 1] ?? 255) << 8) |
      (this.#data[byte + 2] ?? 255);
    const entry = table[(window >> (8 - (this.position & 7))) & 0xffff] ?? 0;
    if (entry === 0) return -1;
    this.position += (entry >> 8) + (entry & 15);
    return this.position > this.#numBits ? -1 : entry & 255;
  }

  /** Skips one 8 × 8 block; false when its codes are impossible. */
  skipBlock([dc, ac]: readonly [HuffmanTable, HuffmanTable]): boolean {
    if (this.next(dc) < 0) return false;
    for (let k = 1; k < 64; k++) {
      const symbol = this.next(ac);
      if (symbol < 0) return false;
      const run = symbol >> 4;
      if ((symbol & 15) === 0 && run !== 15) return true;
      k += run;
      if (k > 63) return false;
    }
    return true;
  }
}

/** The entropy-coded data from `start`, cut at its restart markers, without stuffed zeros; `end` is the next marker. */
function entropyIntervals(
  bytes: Uint8Array,
  start: number,
): { intervals: Uint8Array[]; end: number } {
  const intervals: Uint8Array[] = [];
  let out = new Uint8Array(Math.max(0, bytes.length - start));
  let filled = 0;
  let at = start;
  const close = (): void => {
    intervals.push(out.subarray(0, filled));
    out = out.subarray(filled);
    filled = 0;
  };
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte !== 0xff) {
      out[filled++] = byte;
      continue;
    }
    const marker = bytes[at + 1] ?? 0xd9;
    if (marker === 0) out[filled++] = 0xff;
    else if (marker >= 0xd0 && marker <= 0xd7) close();
    else if (marker !== 0xff) break;
    if (marker !== 0xff) at += 1;
  }
  close();
  return { intervals, end: at };
}

function walkScan(
  plan: ScanPlan,
  intervals: readonly Uint8Array[],
  restartInterval: number,
): boolean {
  const perInterval = restartInterval === 0 ? plan.numMcus : restartInterval;
  if (intervals.length !== Math.ceil(plan.numMcus / perInterval)) return false;
  return intervals.every((data, i) => {
    const reader = new CodeReader(data);
    const numMcus = Math.min(perInterval, plan.numMcus - i * perInterval);
    for (let mcu = 0; mcu < numMcus; mcu++) {
      for (const tables of plan.blocks) if (!reader.skipBlock(tables)) return false;
    }
    return reader.bitsLeft <= 8 * MAX_LEFT_BYTES;
  });
}

/**
 * Whether the Huffman codes of every scan come out even: all blocks there, no impossible code, nothing left over.
 * Undefined for what is not walked: progressive and arithmetic coding, 12-bit samples, missing tables. A sound file is
 * never called uneven; of small changes about half are not seen, because Huffman codes fall into step again by themselves.
 */
export function jpegCodesComeOutEven(bytes: Uint8Array): boolean | undefined {
  const tables = new Map<number, HuffmanTable>();
  let frame: Frame | undefined;
  let restartInterval = 0;
  let scans = 0;
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xd9) break;
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    const segment = bytes.subarray(at + 4, at + 2 + length);
    at += 2 + length;
    if (marker === 0xc4) readHuffmanTables(segment, tables);
    else if (marker === 0xdd) restartInterval = ((segment[0] ?? 0) << 8) | (segment[1] ?? 0);
    else if (marker === 0xc0 || marker === 0xc1) {
      if (segment[0] !== 8) return undefined;
      frame = readFrame(segment);
    } else if (marker >= 0xc2 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc)
      return undefined;
    else if (marker === 0xda) {
      const plan = frame === undefined ? undefined : planScan(segment, frame, tables);
      if (plan === undefined) return undefined;
      const { intervals, end } = entropyIntervals(bytes, at);
      if (!walkScan(plan, intervals, restartInterval)) return false;
      scans += 1;
      at = end;
    }
  }
  return scans === 0 ? undefined : true;
}
