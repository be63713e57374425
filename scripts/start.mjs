/** `npm start`: installs what is missing, builds the app where it has changed, and serves it on this computer. */
import { ensureInstalled } from './installed.mjs';

ensureInstalled();
const { tsImport } = await import('tsx/esm/api');
await tsImport('./serve-app.ts', import.meta.url);
