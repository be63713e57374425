import * as tf from '@tensorflow/tfjs';
import { useState } from 'react'; // planted: eslint(no-restricted-imports)

export { tf, useState };
