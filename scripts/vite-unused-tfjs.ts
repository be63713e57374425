import type { Plugin } from 'vite';

/**
 * Parts that `@tensorflow/tfjs` re-exports and the engine never touches: another backend, its own layers, model files and
 * data sets. They register things when they load, so a bundler keeps all of them; each is replaced by the one name that
 * tfjs's index asks it for.
 */
const UNUSED: Readonly<Record<string, string>> = {
  '@tensorflow/tfjs-backend-webgl': 'version_webgl',
  '@tensorflow/tfjs-layers': 'version_layers',
  '@tensorflow/tfjs-converter': 'version_converter',
  '@tensorflow/tfjs-data': 'version_data',
};
const VIRTUAL = '\0unused-tfjs:';

/** Leaves the unused parts of TensorFlow.js out of the engine's bundle. */
export function withoutUnusedTfjs(): Plugin {
  return {
    name: 'without-unused-tfjs',
    enforce: 'pre',
    resolveId: (id) => (id in UNUSED ? VIRTUAL + id : undefined),
    load: (id) =>
      id.startsWith(VIRTUAL)
        ? `export const ${UNUSED[id.slice(VIRTUAL.length)] ?? ''} = 'left out';`
        : undefined,
  };
}
