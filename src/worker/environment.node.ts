import { nodeConfigFiles, PRESET_FOLDER } from '../config/preset-files.node.ts';
import { createNodeDecoder } from '../data/loader/decoder.node.ts';
import { loadSampleArt } from '../data/sample/sample-art.node.ts';
import { browserFilesSource } from '../data/sources/browser-files-source.ts';
import { zipSource } from '../data/sources/zip-source.ts';
import type { EngineEnvironment } from './environment.ts';

export interface NodeEnvironmentOptions {
  /** Dawn's, from `installNodeGpu`; undefined for what needs no GPU. */
  readonly gpu: GPU | undefined;
  /** Folder that config paths are relative to; without it only presets are found. */
  readonly cwd?: string;
}

/**
 * The engine's surroundings in Node. Folders and archives on disk are opened with `directorySource` and handed to
 * `openDataSource`; `openSource` is for `File`s, as in the browser.
 */
export function nodeEnvironment({ gpu, cwd }: NodeEnvironmentOptions): EngineEnvironment {
  return {
    gpu,
    userAgent: `node/${process.versions.node}`,
    configFiles: nodeConfigFiles(PRESET_FOLDER, cwd),
    createDecoder: createNodeDecoder,
    loadSampleArt,
    openSource: async (input) =>
      input.kind === 'zip'
        ? zipSource(input.file.name, input.file)
        : browserFilesSource(input.name, input.files),
  };
}
