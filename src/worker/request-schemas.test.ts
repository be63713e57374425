import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../base/errors.ts';
import type { CommandName } from './protocol.ts';
import { parseRequest } from './request-schemas.ts';

const file = new File([new Uint8Array(3)], 'a.jpg');

const GOOD: { readonly [K in CommandName]: unknown } = {
  hello: { userAgent: 'x' },
  openDataset: { input: { kind: 'files', name: 'set', files: [{ path: 'set/a.jpg', file }] } },
  listImages: { split: '', offset: 0, count: 200 },
  getPicture: { index: 3, maxSide: 160 },
  exportDataset: { format: 'coco' },
  loadPreset: { name: 'retinanet/x' },
  checkConfig: { text: 'a: 1' },
  editConfig: { text: 'a: 1', key: 'a', value: [1, 2] },
  startRun: { configText: '', name: 'run', seed: 5 },
  pauseRun: { runId: 'run-1' },
  resumeRun: { runId: 'run-1' },
  stopRun: { runId: 'run-1' },
  setPinned: { indices: [0, 4] },
  saveCheckpoint: {},
  loadCheckpoint: { name: 'a.safetensors', data: new ArrayBuffer(8) },
  predict: { image: { kind: 'blob', blob: new Blob(['x']), name: 'x.png' }, scoreThr: 0.3 },
};

/** command, request, the field that the error must name */
const BAD: readonly (readonly [CommandName, unknown, string])[] = [
  ['getPicture', { index: '3', maxSide: 0 }, 'index'],
  ['getPicture', { index: -1, maxSide: 0 }, 'index'],
  ['getPicture', { index: 0.5, maxSide: 0 }, 'index'],
  ['getPicture', { index: 0, maxSide: 1e9 }, 'maxSide'],
  ['getPicture', { index: 0 }, 'maxSide'],
  ['listImages', { split: null, offset: 0, count: 1 }, 'split'],
  ['listImages', { split: '', offset: Number.NaN, count: 1 }, 'offset'],
  ['listImages', { split: '', offset: 0, count: Infinity }, 'count'],
  ['openDataset', { input: { kind: 'zip', file: { name: 'a.zip', size: 3 } } }, 'input.file'],
  ['openDataset', { input: { kind: 'zip', file: new Blob([]) } }, 'input.file'],
  ['openDataset', { input: { kind: 'url', url: 'http://x' } }, 'input.kind'],
  ['openDataset', { input: { kind: 'sample', seed: 0.1 } }, 'input.seed'],
  [
    'openDataset',
    {
      input: {
        kind: 'files',
        name: 'n',
        files: [
          { path: 'a', file },
          { path: 7, file },
        ],
      },
    },
    'input.files.1.path',
  ],
  ['exportDataset', { format: '__proto__' }, 'format'],
  ['setPinned', { indices: 'all' }, 'indices'],
  ['startRun', { configText: 'x'.repeat(2 ** 20 + 1), name: '', seed: 0 }, 'configText'],
  ['startRun', { configText: '', name: '', seed: 2 ** 60 }, 'seed'],
  ['startRun', { configText: '', name: '', seed: -1 }, 'seed'],
  ['loadCheckpoint', { name: 'a', data: new Uint8Array(4) }, 'data'],
  ['predict', { image: { kind: 'blob', blob: 'bytes', name: '' }, scoreThr: 0.1 }, 'image.blob'],
  ['predict', { image: { kind: 'dataset', index: 1 }, scoreThr: 2 }, 'scoreThr'],
];

function refusal(command: CommandName, request: unknown): UserError {
  try {
    parseRequest(command, request);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error(`${command} accepted ${JSON.stringify(request)}`);
}

describe('requests', () => {
  it.each(Object.entries(GOOD))('%s accepts what the interface sends', (command, request) => {
    expect(parseRequest(command as CommandName, request)).toEqual(request);
  });

  it.each(BAD)('%s refuses %o', (command, request, field) => {
    expect(refusal(command, request).details).toMatchObject({
      code: 'bad-request',
      place: { key: `${command}.${field}` },
    });
  });

  it('refuses unknown fields of every command', () => {
    for (const [command, request] of Object.entries(GOOD)) {
      const more = { ...(request as object), more: 1 };
      expect(refusal(command as CommandName, more).details.code).toBe('bad-request');
    }
  });

  it('refuses anything else with the same error and never throws another', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(GOOD)), fc.anything(), (command, request) => {
        // The only command without fields accepts the empty object.
        fc.pre(command !== 'saveCheckpoint');
        expect(refusal(command as CommandName, request).details.code).toBe('bad-request');
      }),
    );
  });
});
