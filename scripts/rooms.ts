/**
 * Who may import whom, as the architecture says it. `.oxlintrc.json` enforces it; `check-canary` writes one import per
 * edge of this table and fails unless the linter agrees on every one of them, so the two cannot drift apart. The table
 * in docs/architecture.md is printed from here.
 */
export interface Room {
  readonly name: string;
  /** A file that belongs to the room; where the room is one file, that file. */
  readonly path: string;
  /** Rooms it may import values (and types) from, besides itself. */
  readonly values: readonly string[];
  /** Rooms it may `import type` from, besides those. */
  readonly types: readonly string[];
  /** One line for the table in the documentation. */
  readonly says: string;
}

const COMPUTE = ['base', 'tensor', 'boxes', 'ops', 'models', 'data', 'eval', 'checkpoint'];
const LISTS = ['schema-list'];
/** What other programs' numbers are compared with: everything that computes, and the configs that say how. */
const ORACLE = ['base', 'tensor', 'boxes', 'ops', 'models', 'data', 'eval', 'config', 'train'];
const ENGINE = [...COMPUTE, 'config', 'train', 'inspect', ...LISTS];
const WORKER = ['worker', 'worker-protocol', 'worker-client', 'worker-port'];
const ANY_TYPES = [...ENGINE, ...WORKER, 'cli'];
const APP_ROOMS = [
  'app',
  'app-panel',
  'app-store',
  'app-series',
  'app-charts',
  'app-canvas',
  'app-images',
  'app-ui',
  'app-commands',
  'app-i18n',
];
const APP_TYPES = [...ANY_TYPES, ...APP_ROOMS, 'other-panel'];

export const ROOMS: readonly Room[] = [
  room('base', 'src/base/x.ts', [], 'nothing'),
  room('tensor', 'src/tensor/x.ts', ['base'], 'base; the only room with `@tensorflow/*`'),
  room('boxes', 'src/boxes/x.ts', ['base'], 'base'),
  room('ops', 'src/ops/nms/x.ts', ['base', 'tensor', 'boxes'], 'base, tensor, boxes'),
  room(
    'models',
    'src/models/necks/x.ts',
    ['base', 'tensor', 'boxes', 'ops', ...LISTS],
    'base, tensor, boxes, ops',
  ),
  room(
    'data',
    'src/data/loader/x.ts',
    ['base', 'boxes'],
    'base, boxes (typed arrays out; `train` makes tensors)',
  ),
  room('eval', 'src/eval/coco-map/x.ts', ['base', 'boxes'], 'base, boxes'),
  room('checkpoint', 'src/checkpoint/x.ts', ['base'], 'base (bytes to named arrays and back)'),
  room(
    'config',
    'src/config/x.ts',
    ['base', ...LISTS],
    'base, and the schema lists of models, data, train, eval',
  ),
  room('train', 'src/train/hooks/x.ts', [...COMPUTE, ...LISTS], COMPUTE.join(', ')),
  room('inspect', 'src/inspect/x.ts', [...COMPUTE, ...LISTS], 'as train'),
  // A schema list is a file of its own room, and is also open to `config`.
  room(
    'schema-list',
    'src/models/dense-heads/list.ts',
    ['base', 'tensor', 'boxes', 'ops', 'models'],
    '',
  ),
  room(
    'worker',
    'src/worker/session.ts',
    [...ENGINE, 'worker-protocol', 'worker-port'],
    'everything but app and cli',
  ),
  room(
    'worker-protocol',
    'src/worker/protocol.ts',
    [],
    'types only, from anywhere below',
    ANY_TYPES,
  ),
  room(
    'worker-port',
    'src/worker/port.ts',
    ['base', 'worker-protocol'],
    'base, protocol',
    ANY_TYPES,
  ),
  room(
    'worker-client',
    'src/worker/client.ts',
    ['base', 'worker-port', 'worker-protocol'],
    'base, port, protocol',
    ANY_TYPES,
  ),
  room(
    'oracle',
    'src/oracle/x.ts',
    [...ORACLE, ...LISTS],
    `${ORACLE.join(', ')}; imported by cli alone`,
  ),
  room(
    'cli',
    'src/cli/x.ts',
    [...ENGINE, 'oracle', 'worker', 'worker-protocol'],
    'oracle, worker/session and below',
  ),
  room('main', 'src/main.tsx', ['app'], 'app'),
  room(
    'app',
    'src/app/app.tsx',
    [...APP_ROOMS, 'other-panel', 'base', 'boxes', 'worker-client'],
    'all of app, base, boxes, worker/client; types from anywhere',
    APP_TYPES,
  ),
  appRoom(
    'panel',
    'panels/first/panel.tsx',
    ['store', 'series', 'charts', 'canvas', 'images', 'ui', 'commands', 'i18n'],
    ['boxes'],
  ),
  appRoom('store', 'store/x.ts', ['series', 'images', 'i18n'], ['boxes', 'worker-client']),
  appRoom('series', 'series/x.ts', [], []),
  appRoom('charts', 'charts/x.ts', ['series', 'ui', 'i18n'], []),
  appRoom('canvas', 'canvas/x.ts', ['ui', 'i18n'], ['boxes']),
  appRoom('images', 'images/x.ts', [], ['boxes', 'worker-client']),
  appRoom('ui', 'ui/x.tsx', ['i18n'], []),
  appRoom('commands', 'commands/x.ts', ['store', 'ui', 'i18n'], []),
  appRoom('i18n', 'i18n/x.ts', [], []),
];

/** Extra targets that only appear on the right: the panel next door, and a room nobody has named. */
export const EXTRA_TARGETS: readonly { readonly name: string; readonly path: string }[] = [
  { name: 'other-panel', path: 'src/app/panels/second/panel.tsx' },
  { name: 'unknown-room', path: 'src/attic/x.ts' },
];

function room(
  name: string,
  path: string,
  values: readonly string[],
  says: string,
  types: readonly string[] = [],
): Room {
  // `import type` of what config produces is open to every room.
  return { name, path, values, says, types: [...types, 'config'] };
}

function appRoom(
  name: string,
  path: string,
  inApp: readonly string[],
  below: readonly string[],
): Room {
  const values = [...inApp.map((other) => `app-${other}`), 'base', ...below];
  const says = [...inApp, 'base', ...below].join(', ');
  return room(`app-${name}`, `src/app/${path}`, values, says, APP_TYPES);
}

/** True where the table allows `from` to import `to`. */
export function mayImport(from: Room, to: string, kind: 'value' | 'type'): boolean {
  if (from.name === to) return true;
  if (from.values.includes(to)) return true;
  return kind === 'type' && from.types.includes(to);
}

/** The table of docs/architecture.md, in Markdown. */
export function importTable(): string {
  const rows = ROOMS.filter(({ says }) => says !== '').map(
    ({ name, says }) => `| ${name.replace(/^(app|worker)-/, '$1/')} | ${says} |`,
  );
  return ['| Room | may import |', '|---|---|', ...rows].join('\n');
}
