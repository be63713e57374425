import * as tf from '@tensorflow/tfjs'; // planted: eslint(no-restricted-imports)
import { useEffect, useState } from 'react';

export const counts: unknown[] = [tf, Math.random()];

export function Conditional({ on }: { readonly on: boolean }): number {
  if (on) {
    const [count] = useState(0); // planted: react-hooks(rules-of-hooks)
    return count;
  }
  return 0;
}

export function MissingDependency({ label }: { readonly label: string }): string {
  useEffect(() => {
    document.title = label; // planted: react-hooks(exhaustive-deps)
  }, []);
  return label;
}

export function posted(worker: Worker): void {
  worker.postMessage('x'); // planted: eslint(no-restricted-properties)
}
