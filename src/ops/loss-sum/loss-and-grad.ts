/** A loss with its gradient by one input, as the losses' slow twins give it and their tests compare it. */
export interface LossAndGrad {
  readonly loss: number;
  readonly grad: ArrayLike<number>;
}
