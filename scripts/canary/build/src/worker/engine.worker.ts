import { scalar } from '@tensorflow/tfjs-core';

console.log(scalar(1).shape);
