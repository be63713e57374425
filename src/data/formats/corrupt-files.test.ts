import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../base/errors.ts';
import type { Dataset, Problem } from '../dataset.ts';
import { FLAG_UNUSABLE } from '../dataset.ts';
import { pngBytes } from '../header-bytes.ts';
import { safePath } from '../sources/source-paths.ts';
import { memorySource } from '../sources/memory-source.ts';
import { parseCocoJson } from './coco/coco-json.ts';
import { openDataset } from './open-dataset.ts';
import { parseImageList } from './voc/image-list.ts';
import { parseVocXml } from './voc/voc-xml.ts';

// Every file of ../shared/corrupt must end as its manifest says: accepted with the given values, repaired with a
// message, or refused with an error for people.
const DIR = '../shared/corrupt';

interface Case {
  file: string;
  kind: string;
  expect: 'accept' | 'repair' | 'reject';
  values?: unknown[];
  names?: string[];
  count?: number;
  difficult?: boolean[];
}

const present = existsSync(`${DIR}/manifest.json`);
const manifest: Case[] = present ? JSON.parse(readFileSync(`${DIR}/manifest.json`, 'utf8')) : [];
const cases = (kind: string): Case[] => manifest.filter((entry) => entry.kind === kind);
const read = (file: string): Uint8Array => new Uint8Array(readFileSync(`${DIR}/${file}`));

/** Runs `open`; a refusal must be a UserError that says something. */
async function outcome(
  open: () => Promise<Dataset>,
): Promise<{ dataset?: Dataset; refused?: UserError }> {
  try {
    return { dataset: await open() };
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    if (!(error instanceof UserError)) throw error;
    expect(error.details.what.length).toBeGreaterThan(10);
    expect(error.details.place?.file ?? '').not.toBe('');
    return { refused: error };
  }
}

function expectSaid(problems: readonly Problem[]): void {
  expect(problems.length).toBeGreaterThan(0);
  for (const { detail, repair, code } of problems) {
    expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
    expect(detail).not.toBe('');
    expect(repair).not.toBe('');
  }
}

describe.skipIf(!present)('../shared/corrupt/xml', () => {
  const open = async (file: string): Promise<Dataset> => {
    const source = memorySource('case', {
      'Annotations/x.xml': read(file),
      'JPEGImages/x.png': pngBytes(100, 80),
    });
    return (await openDataset(source)).dataset;
  };

  it('lists cases', () => {
    expect(cases('xml').length).toBeGreaterThan(30);
  });

  it.each(cases('xml').filter((entry) => entry.expect === 'accept'))(
    'accepts $file',
    ({ file, values, names, count, difficult }) => {
      const annotation = parseVocXml(read(file), file);
      expect(annotation.problems).toEqual([]);
      if (values !== undefined)
        expect(annotation.objects.map(({ name, box }) => [name, ...box])).toEqual(values);
      if (names !== undefined) expect(annotation.objects.map(({ name }) => name)).toEqual(names);
      if (count !== undefined) expect(annotation.objects).toHaveLength(count);
      if (difficult !== undefined)
        expect(annotation.objects.map((object) => object.difficult)).toEqual(difficult);
    },
  );

  it.each(cases('xml').filter((entry) => entry.expect === 'repair'))(
    'mends or refuses $file, and says so',
    async ({ file, values }) => {
      const { dataset } = await outcome(() => open(file));
      if (dataset === undefined) {
        expect(values).toBeUndefined();
        return;
      }
      expectSaid(dataset.problems);
      const { boxes, flags, labels } = dataset.annotations;
      const usable = Array.from(labels.keys())
        .filter((i) => ((flags[i] ?? 0) & FLAG_UNUSABLE) === 0)
        .map((i) => [
          dataset.classes[labels[i] ?? -1],
          ...Array.from(boxes.subarray(4 * i, 4 * i + 4), (v) => v + 1),
        ]);
      for (const value of values ?? []) expect(usable).toContainEqual(value);
    },
  );

  it.each(cases('xml').filter((entry) => entry.expect === 'reject'))(
    'refuses $file',
    async ({ file }) => {
      const { refused } = await outcome(() => open(file));
      expect(refused).toBeDefined();
      expect(() => parseVocXml(read(file), file)).toThrow(UserError);
    },
  );
});

describe.skipIf(!present)('../shared/corrupt/coco', () => {
  const open = async (file: string): Promise<Dataset> => {
    const bytes = read(file);
    const names = [
      ...new TextDecoder()
        .decode(bytes.filter((byte) => byte !== 0))
        .matchAll(/"file_name":\s*"([^"]*)"/g),
    ].map((match) => safePath(match[1] ?? '') ?? '');
    const images = Object.fromEntries(
      names.filter((name) => name !== '').map((name) => [name, pngBytes(100, 80)]),
    );
    return (await openDataset(memorySource('case', { 'labels.json': bytes, ...images }))).dataset;
  };

  it('lists cases', () => {
    expect(cases('coco').length).toBeGreaterThan(30);
  });

  it.each(cases('coco').filter((entry) => entry.expect === 'accept'))(
    'accepts $file',
    async ({ file }) => {
      const { problems, images, annotations } = parseCocoJson(read(file), file);
      expect(problems).toEqual([]);
      expect(images.length).toBeGreaterThan(0);
      expect(annotations.length).toBeGreaterThan(0);
      const dataset = await open(file);
      expect(dataset.problems).toEqual([]);
      expect(dataset.annotations.flags.every((flag) => (flag & FLAG_UNUSABLE) === 0)).toBe(true);
    },
  );

  it.each(cases('coco').filter((entry) => entry.expect === 'repair'))(
    'mends or refuses $file, and says so',
    async ({ file }) => {
      const { dataset } = await outcome(() => open(file));
      if (dataset !== undefined) expectSaid(dataset.problems);
    },
  );

  it.each(cases('coco').filter((entry) => entry.expect === 'reject'))(
    'refuses $file',
    ({ file }) => {
      let refused: unknown;
      try {
        parseCocoJson(read(file), file);
      } catch (error) {
        refused = error;
      }
      expect(refused).toBeInstanceOf(UserError);
    },
  );

  it('keeps Object.prototype clean', () => {
    parseCocoJson(read('coco/proto_keys.json'), 'proto_keys.json');
    expect('polluted' in {}).toBe(false);
  });
});

describe.skipIf(!present)('../shared/corrupt/lists', () => {
  it.each(cases('lists').filter((entry) => entry.expect === 'accept'))(
    'accepts $file',
    ({ file, values }) => {
      const list = parseImageList(read(file), file);
      expect(list.entries.map(({ id }) => id)).toEqual(values);
      expect(list.problems).toEqual([]);
    },
  );

  it.each(cases('lists').filter((entry) => entry.expect === 'repair'))(
    'mends $file, and says so',
    ({ file }) => {
      const list = parseImageList(read(file), file);
      expectSaid(list.problems);
      for (const { id } of list.entries) expect(id).toMatch(/^\d{6}$/);
    },
  );
});

it.skipIf(present)('skipped: ../shared/corrupt is absent', () => {
  expect(manifest).toEqual([]);
});
