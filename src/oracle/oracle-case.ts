/** What computes: our kernels on WebGPU, or their slow twins in plain loops. */
export type Backend = 'webgpu' | 'reference';

/** How far a value may be from what the oracle says. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
  /** Where the oracle says NaN, 0 is right too (0/0, which a reader may define). Default false. */
  readonly zeroForNan?: boolean;
}

/** One array of a case: what was computed and what should have been. */
export interface Comparison {
  /** Key of the case, or a few words. */
  readonly what: string;
  readonly got: ArrayLike<number>;
  readonly want: ArrayLike<number>;
  /** `exact` for indices, counts and integers. */
  readonly tolerance: Tolerance | 'exact';
}

/** One case of a pack, a page or a model. */
export interface OracleCase {
  /** The operator, or the page's or model's part. */
  readonly op: string;
  readonly name: string;
  /** Why the case is beyond what the engine does; it is then not run. */
  readonly outOfScope?: string | undefined;
  /** Something that the reader of the result should know, e.g. that the engine computes this on the host. */
  readonly note?: string | undefined;
  /** Computes the case. Throws where it cannot be read or computed. */
  compare(backend: Backend): Promise<readonly Comparison[]>;
}

/** An operator in both forms, on plain arrays. */
export interface Twin<I, O> {
  readonly webgpu: (input: I) => Promise<O>;
  readonly reference: (input: I) => O;
}

export async function runTwin<I, O>(
  { webgpu, reference }: Twin<I, O>,
  backend: Backend,
  input: I,
): Promise<O> {
  return backend === 'webgpu' ? webgpu(input) : reference(input);
}

/** What a case is noted with whose operator the engine computes on the host on every backend. */
export const HOST_NOTE = 'computed on the host, the same function on both backends';
