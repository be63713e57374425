import { plain } from './plain'; // planted: import(extensions), boundaries(dependencies)
import type { Shape } from './shape-types'; // planted: import(extensions), boundaries(dependencies)

export const twice = plain * 2;
export type Copy = Shape;
