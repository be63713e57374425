/** How positives and negatives are picked for a loss (MMDetection's `RandomSampler`). */
export interface SamplerSpec {
  /** `first` takes them by ascending index instead of at random: repeatable without a seed. */
  readonly mode: 'random' | 'first';
  /** Samples per image. */
  readonly num: number;
  /** At most this share is positive. */
  readonly posFraction: number;
  /** At most this many negatives for each positive; −1 = no limit. */
  readonly negPosUb: number;
  /** Whether ground truths join the proposals (R-CNN). */
  readonly addGtAsProposals: boolean;
}
