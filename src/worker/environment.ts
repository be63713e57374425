import type { ConfigFiles } from '../config/preset-files.ts';
import type { ImageDecoder } from '../data/dataset.ts';
import type { FileSource } from '../data/file-source.ts';
import type { DatasetInput } from './protocol.ts';

/** What differs between a browser's worker and Node; everything else of the engine is the same code. */
export interface EngineEnvironment {
  readonly gpu: GPU | undefined;
  readonly userAgent: string;
  readonly configFiles: ConfigFiles;
  /** Decoder of encoded images; one per engine, disposed with it. */
  createDecoder(): ImageDecoder;
  loadSampleArt(): Promise<Uint8Array<ArrayBuffer>>;
  /** Opens what was dropped; not called for the sample. */
  openSource(input: Exclude<DatasetInput, { readonly kind: 'sample' }>): Promise<FileSource>;
}
