import { Shape } from './shape-types.ts'; // planted: typescript(consistent-type-imports)

export type Copy = Shape;
