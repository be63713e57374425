import * as tf from '@tensorflow/tfjs';

export const random = [tf, Math.random()]; // planted: eslint(no-restricted-properties)
