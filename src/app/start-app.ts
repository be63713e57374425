import { createWorkerClient } from '../worker/client.ts';
import { mountApp } from './mount-app.tsx';

/** Mounts the app over the engine's Worker. */
export function startApp(): void {
  const root = document.getElementById('root');
  if (root === null) throw new Error('index.html has no #root');
  mountApp(root, createWorkerClient());
}
