import type { DatasetInput } from '../../worker/protocol.ts';
import type { Found } from './list-files.ts';

/** What was dropped, by what it is for. */
export type Dropped =
  | { readonly kind: 'dataset'; readonly input: DatasetInput }
  | { readonly kind: 'checkpoint'; readonly file: File }
  | { readonly kind: 'image'; readonly file: File }
  | { readonly kind: 'config'; readonly file: File }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown'; readonly name: string };

const IMAGE = /\.(jpe?g|png|webp|bmp|gif|avif|tiff?)$/iu;
const CHECKPOINT = /\.(safetensors|pth|pt)$/iu;
const CONFIG = /\.(ya?ml)$/iu;
const ZIP = /\.zip$/iu;
/** Label files may be dropped without their images: the statistics can still be looked at. */
const LABELS = /\.(json|xml)$/iu;

/** Decides by number and names. A folder, and several files at once, are a dataset; a single file is what its name says. */
export function classifyDrop(found: Found): Dropped {
  const [first] = found.files;
  if (first === undefined) return { kind: 'nothing' };
  const asFiles: Dropped = {
    kind: 'dataset',
    input: { kind: 'files', name: found.name, files: found.files },
  };
  if (found.hasFolder || found.files.length > 1) return asFiles;
  const { file } = first;
  if (ZIP.test(file.name)) return { kind: 'dataset', input: { kind: 'zip', file } };
  if (CHECKPOINT.test(file.name)) return { kind: 'checkpoint', file };
  if (CONFIG.test(file.name)) return { kind: 'config', file };
  if (IMAGE.test(file.name) || file.type.startsWith('image/')) return { kind: 'image', file };
  if (LABELS.test(file.name)) return asFiles;
  return { kind: 'unknown', name: file.name };
}
