import { randomBytes } from 'node:crypto';
import { BUDGETS, checkBundle } from '../bundle-size.ts';
import type { Chunk } from '../vite-chunk-list.ts';
import { Workspace } from './workspace.ts';
import type { CanaryResult } from './workspace.ts';

interface Fault {
  readonly name: string;
  readonly expect: RegExp;
  /** Changes the sound build into one with this fault. */
  readonly plant: (build: Build) => void;
}

interface Build {
  chunks: Chunk[];
  sizes: Record<string, number>;
}

const TFJS = 'node_modules/@tensorflow/tfjs-core/dist/index.js';

const FAULTS: readonly Fault[] = [
  {
    name: 'interface too large',
    expect: /first route .* over its budget/,
    plant: ({ sizes }) => {
      sizes['shared.js'] = BUDGETS.firstRoute;
    },
  },
  {
    name: 'styles too large',
    expect: /first route .* over its budget/,
    plant: ({ sizes }) => {
      sizes['main.css'] = BUDGETS.firstRoute;
    },
  },
  {
    name: 'worker too large',
    expect: /engine worker .* over its budget/,
    plant: ({ sizes }) => {
      sizes['engine.js'] = BUDGETS.engineWorker;
    },
  },
  {
    name: 'tfjs in a lazy part of the interface',
    expect: /tfjs-core.* is in the interface's bundle \(lazy\.js\)/,
    plant: ({ chunks }) => chunks.find(({ file }) => file === 'lazy.js')?.modules.push(TFJS),
  },
  {
    name: 'engine code in the interface',
    expect: /src\/ops\/nms\/nms\.ts is in the interface's bundle/,
    plant: ({ chunks }) => chunks[0]?.modules.push('src/ops/nms/nms.ts'),
  },
  {
    name: 'no tfjs anywhere',
    expect: /not looking at the right files/,
    plant: (build) => {
      build.chunks = build.chunks.map((chunk) => ({
        ...chunk,
        modules: chunk.modules.filter((id) => id !== TFJS),
      }));
    },
  },
  {
    name: 'no engine worker',
    expect: /no chunk with src\/worker\/engine\.worker\.ts/,
    plant: (build) => {
      build.chunks = build.chunks.filter(({ file }) => file !== 'engine.js');
    },
  },
];

/** A sound build passes, and the same build with each fault does not. */
export function sizeCanary(): CanaryResult {
  const sound = checkBuild(() => undefined);
  const wrong = FAULTS.flatMap(({ name, expect, plant }) => {
    const problems = checkBuild(plant);
    return problems.some((problem) => expect.test(problem)) ? [] : [`not reported: ${name}`];
  });
  return {
    name: 'size budget',
    planted: FAULTS.length,
    wrong: [...sound.map((problem) => `a sound build fails: ${problem}`), ...wrong],
  };
}

function checkBuild(plant: (build: Build) => void): readonly string[] {
  using workspace = new Workspace([]);
  const chunk = (
    file: string,
    bundle: Chunk['bundle'],
    modules: string[],
    imports: string[] = [],
  ): Chunk => ({
    file,
    bundle,
    isEntry: file === 'main.js' || file === 'engine.js',
    imports,
    modules,
  });
  const build: Build = {
    chunks: [
      chunk('main.js', 'app', ['src/main.tsx', 'src/app/app.tsx'], ['shared.js']),
      chunk('shared.js', 'app', ['node_modules/react/index.js', 'src/base/errors.ts']),
      chunk('lazy.js', 'app', ['src/app/charts/chart.tsx']),
      chunk('engine.js', 'worker', ['src/worker/engine.worker.ts', TFJS]),
    ],
    sizes: { 'main.js': 10, 'shared.js': 10, 'lazy.js': 10, 'engine.js': 10, 'main.css': 10 },
  };
  plant(build);
  for (const [file, size] of Object.entries(build.sizes)) {
    // Random bytes do not get smaller by compression.
    workspace.write(file, randomBytes(size).toString('latin1'));
  }
  workspace.write('.vite/chunks.json', JSON.stringify(build.chunks));
  workspace.write(
    '.vite/manifest.json',
    JSON.stringify({ 'index.html': { file: 'main.js', css: ['main.css'] } }),
  );
  return checkBundle(workspace.path).problems;
}
