/**
 * The only door to TensorFlow.js. Other rooms import `tf` from here, so that replacing the host of the tensors is a
 * change to one folder, and so that the interface bundle can be proved free of it.
 */
import * as tf from '@tensorflow/tfjs';

export { tf };
export type {
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor3D,
  Tensor4D,
  TensorInfo,
  Variable,
  Scalar,
} from '@tensorflow/tfjs';
