/** What each command accepts. A request is as hostile as any file: it may come from an old tab or a script. */
import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import type { ParseRequest } from './port.ts';
import type { CommandName, Commands } from './protocol.ts';

/** Longer than any config that a person wrote. */
const MAX_CONFIG_CHARACTERS = 2 ** 20;
/** Longer side of the largest picture that a canvas holds in all browsers. */
const MAX_SIDE = 16_384;
const MAX_NAME_CHARACTERS = 4096;

const index = z.int().nonnegative();
const name = z.string().max(MAX_NAME_CHARACTERS);
const runId = name;
const configText = z.string().max(MAX_CONFIG_CHARACTERS);
const file = z.instanceof(File);

const datasetInput = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sample'), seed: z.int() }),
  z.strictObject({
    kind: z.literal('files'),
    name,
    files: z.array(z.strictObject({ path: name, file })),
  }),
  z.strictObject({ kind: z.literal('zip'), file }),
]);

const imageToPredict = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('blob'), blob: z.instanceof(Blob), name }),
  z.strictObject({ kind: z.literal('dataset'), index }),
]);

const ofRun = z.strictObject({ runId });

const SCHEMAS: { readonly [K in CommandName]: z.ZodType<Commands[K]['request']> } = {
  hello: z.strictObject({ userAgent: z.string() }),
  openDataset: z.strictObject({ input: datasetInput }),
  listImages: z.strictObject({ split: name, offset: index, count: index }),
  getPicture: z.strictObject({ index, maxSide: z.int().nonnegative().max(MAX_SIDE) }),
  exportDataset: z.strictObject({ format: z.enum(['voc', 'coco']) }),
  loadPreset: z.strictObject({ name }),
  checkConfig: z.strictObject({ text: configText }),
  editConfig: z.strictObject({ text: configText, key: name, value: z.unknown() }),
  startRun: z.strictObject({ configText, name, seed: z.int().nonnegative() }),
  pauseRun: ofRun,
  resumeRun: ofRun,
  stopRun: ofRun,
  setPinned: z.strictObject({ indices: z.array(index) }),
  saveCheckpoint: z.strictObject({}),
  loadCheckpoint: z.strictObject({ name, data: z.instanceof(ArrayBuffer) }),
  predict: z.strictObject({ image: imageToPredict, scoreThr: z.number().min(0).max(1) }),
};

/** The request of a command, or a UserError `bad-request` that names the first field that is wrong. */
export const parseRequest: ParseRequest = (command, request) => {
  const result = SCHEMAS[command].safeParse(request);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  throw new UserError({
    code: 'bad-request',
    what: `The engine refused ${command}${field === '' ? '' : `, because of ${field}`}: ${issue?.message ?? 'it is malformed'}.`,
    action: 'Reload the page: it may be of another version than the engine.',
    place: { key: field === '' ? command : `${command}.${field}` },
  });
};
