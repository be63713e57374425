import { parseArgs } from 'node:util';
import { DIST, ensureBuilt } from './built-app.ts';
import { serveFolder } from './static-server.ts';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '5173' }, host: { type: 'string' } },
});

await ensureBuilt();
const server = await serveFolder(DIST, {
  port: Number(values.port),
  ...(values.host === undefined ? {} : { host: values.host }),
});
console.log(`
  Anchorage is running at  ${server.url}

  Open it in Chrome or Edge (WebGPU). Nothing you drop there leaves this computer.
  Ctrl+C stops it.
`);
