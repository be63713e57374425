import * as tf from '@tensorflow/tfjs'; // planted: eslint(no-restricted-imports)
import type { Tensor } from '@tensorflow/tfjs-core/dist/tensor'; // planted: eslint(no-restricted-imports)
import { useState } from 'react'; // planted: eslint(no-restricted-imports)
import { createStore } from 'zustand/vanilla'; // planted: eslint(no-restricted-imports)
import { init } from 'echarts/core'; // planted: eslint(no-restricted-imports)

export const all: unknown[] = [tf, useState, createStore, init];
export type Copy = Tensor;
