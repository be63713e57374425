import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { UserError } from '../../../base/errors.ts';

/** One element: attributes are not kept, text is that directly inside it, entities resolved. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
  /** 1-based line of the opening tag. */
  readonly line: number;
}

export interface XmlDocument {
  readonly root: XmlElement;
  /** What was left aside to read the rest: external DTDs and entities, names of unread entities, a name space. */
  readonly unread: readonly string[];
}

const MAX_DEPTH = 64;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  parseTagValue: false,
  processEntities: false,
  trimValues: false,
  captureMetaData: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: true,
  cdataPropName: '#cdata',
  maxNestedTags: MAX_DEPTH,
});

const NAMED_ENTITIES = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

function refuse(file: string, why: string, line?: number): UserError {
  return new UserError({
    code: 'xml-invalid',
    what: 'The label file could not be read.',
    why,
    action: 'Export or copy it again; the other files are not affected.',
    place: { file, ...(line === undefined ? {} : { line }) },
  });
}

/**
 * Takes the document type out of the text (spaces in its place, so that lines stay). Internal entities are refused:
 * expanding them is how a small file fills a memory. External ones are never fetched.
 */
function removeDoctype(text: string, file: string, unread: string[]): string {
  const start = /^\s*(?:<\?[\s\S]*?\?>\s*|<!--[\s\S]*?-->\s*)*<!DOCTYPE/.exec(text);
  if (start === null) return text;
  const from = start[0].length - '<!DOCTYPE'.length;
  const end = /^<!DOCTYPE[^[>]*(?:\[(?:"[^"]*"|'[^']*'|[^\]"'])*\]\s*)?>/.exec(text.slice(from));
  if (end === null) throw refuse(file, 'Its DOCTYPE is not closed.');
  const doctype = end[0];
  if (/<!ENTITY\s+(?:%\s+)?\S+\s+["']/.test(doctype)) {
    throw refuse(
      file,
      'It declares entities of its own. They are not expanded, because a few lines of them can fill the memory.',
    );
  }
  for (const match of doctype.matchAll(/<!ENTITY\s+(?:%\s+)?(\S+)\s+(?:SYSTEM|PUBLIC)/g))
    unread.push(`the external entity ${match[1] ?? ''}`);
  if (/^<!DOCTYPE\s+\S+\s+(?:SYSTEM|PUBLIC)/.test(doctype)) unread.push('the external DTD');
  return (
    text.slice(0, from) + doctype.replaceAll(/[^\n]/g, ' ') + text.slice(from + doctype.length)
  );
}

function resolveEntities(text: string, unread: string[]): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(#\d+|#x[\da-f]+|[^;&\s]{1,64});/gi, (whole, body: string) => {
    const named = NAMED_ENTITIES.get(body);
    if (named !== undefined) return named;
    if (body.startsWith('#')) {
      const code = /^#x/i.test(body)
        ? Number.parseInt(body.slice(2), 16)
        : Number.parseInt(body.slice(1), 10);
      if (code > 31 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000))
        return String.fromCodePoint(code);
    }
    unread.push(`the entity ${whole}`);
    return whole;
  });
}

function lineFinder(text: string): (index: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (index) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= index) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

type Node = Readonly<Record<string | symbol, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nodeLine(node: Node, lineAt: (index: number) => number): number {
  // captureMetaData puts the place of the tag under a symbol of the parser's, the only one a node has
  const [symbol] = Object.getOwnPropertySymbols(node);
  const meta = symbol === undefined ? undefined : node[symbol];
  return isNode(meta) && typeof meta['startIndex'] === 'number' ? lineAt(meta['startIndex']) : 1;
}

/** Turns the parser's ordered nodes into elements; recursion is bounded by MAX_DEPTH. */
function toElements(
  nodes: unknown,
  lineAt: (index: number) => number,
  unread: string[],
): { elements: XmlElement[]; text: string } {
  const elements: XmlElement[] = [];
  let text = '';
  for (const node of Array.isArray(nodes) ? nodes : []) {
    if (!isNode(node)) continue;
    for (const [name, content] of Object.entries(node)) {
      if (name === '#text') text += resolveEntities(String(content), unread);
      else if (name === '#cdata')
        text += Array.isArray(content)
          ? content.map((part) => (isNode(part) ? textOf(part['#text']) : '')).join('')
          : '';
      else {
        const inner = toElements(content, lineAt, unread);
        elements.push({
          name,
          text: inner.text,
          children: inner.elements,
          line: nodeLine(node, lineAt),
        });
      }
    }
  }
  return { elements, text };
}

/** The parser gives CDATA as text; anything else would be a change of its contract and reads as nothing. */
function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/**
 * Parses XML text into its root element. Well-formedness is checked first; no entity is expanded but the five of XML
 * and character references; nesting ends at 64. Throws UserError `xml-invalid` with file and line.
 */
export function parseXml(text: string, file: string): XmlDocument {
  const unread: string[] = [];
  if (text.trim() === '') throw refuse(file, 'The file is empty.');
  // XML 1.0 allows no control character but tab, line feed and carriage return.
  const control = /[\u0000-\u0008\u000B\u000C\u000E-\u001F]/.exec(text);
  const lineAt = lineFinder(text);
  if (control !== null) {
    const code = (control[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    throw refuse(
      file,
      `It contains the control character U+${code}, which XML does not allow.`,
      lineAt(control.index),
    );
  }
  const plain = removeDoctype(text, file, unread);
  const valid = XMLValidator.validate(plain, { allowBooleanAttributes: true });
  if (valid !== true) throw refuse(file, `It is no complete XML: ${valid.err.msg}`, valid.err.line);
  let nodes: unknown;
  try {
    nodes = parser.parse(plain);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refuse(
      file,
      why.includes('nested tags')
        ? `Its elements are nested more than ${MAX_DEPTH} deep.`
        : `The parser refused it: ${why}.`,
    );
  }
  const { elements } = toElements(nodes, lineAt, unread);
  const [root] = elements;
  if (root === undefined) throw refuse(file, 'It has no root element.');
  if (/^[^<]*(?:<[?!][^>]*>[^<]*)*<[^>]*\sxmlns(?::\w+)?\s*=/.test(plain))
    unread.push('the XML name space');
  return { root, unread: [...new Set(unread)] };
}
