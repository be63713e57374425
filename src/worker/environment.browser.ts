import { bundledConfigFiles } from '../config/preset-files.browser.ts';
import { createDecodePool } from '../data/loader/decode-pool.browser.ts';
import { loadSampleArt } from '../data/sample/sample-art.browser.ts';
import { browserFilesSource } from '../data/sources/browser-files-source.ts';
import { zipSource } from '../data/sources/zip-source.ts';
import type { EngineEnvironment } from './environment.ts';

/** The engine's surroundings in a dedicated Worker: presets from the bundle, decoding in workers of its own. */
export function browserEnvironment(): EngineEnvironment {
  const { userAgent } = navigator;
  return {
    // Absent where WebGPU is switched off, and on pages that are not served securely.
    gpu: 'gpu' in navigator ? navigator.gpu : undefined,
    userAgent,
    configFiles: bundledConfigFiles(),
    createDecoder: () => createDecodePool(),
    loadSampleArt,
    openSource: async (input) =>
      input.kind === 'zip'
        ? zipSource(input.file.name, input.file)
        : browserFilesSource(input.name, input.files),
  };
}
