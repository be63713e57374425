import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.yaml': 'text/yaml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

export interface StaticServer {
  /** Address of the folder's index, with a trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

export interface ServeOptions {
  /** First port to try; 0 lets the system choose. The next nine are tried when it is taken. */
  readonly port: number;
  /** Where the folder is mounted, e.g. `/some/sub/path/`; every other path is 404. */
  readonly mount?: string;
  readonly host?: string;
}

/**
 * Serves a folder of files and nothing else: no fallback page, no injected script, no header that a plain static host
 * would not send. What works here works on any host.
 */
export async function serveFolder(folder: string, options: ServeOptions): Promise<StaticServer> {
  const { port, mount = '/', host = 'localhost' } = options;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      answer(response, 405, 'method not allowed');
    else if (pathname.startsWith(mount)) sendFile(response, folder, pathname.slice(mount.length));
    else answer(response, 404, 'not found');
  });
  const taken = await listen(server, host, port);
  return {
    url: `http://${host}:${taken}${mount}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, host: string, first: number): Promise<number> {
  for (let port = first; ; port += 1) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      const address = server.address();
      if (address === null || typeof address === 'string')
        throw new Error('the server has no port');
      return address.port;
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!isTaken || port >= first + 9) throw error;
    }
  }
}

function sendFile(response: ServerResponse, folder: string, encoded: string): void {
  let relative: string;
  try {
    relative = normalize(decodeURIComponent(encoded));
  } catch {
    answer(response, 400, 'bad path');
    return;
  }
  if (relative.includes('\0') || relative.split(sep).includes('..')) {
    answer(response, 400, 'bad path');
    return;
  }
  const path = join(folder, relative === '.' || relative === '' ? 'index.html' : relative);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile()) {
    answer(response, 404, 'not found');
    return;
  }
  response.writeHead(200, {
    'content-type': TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream',
    'content-length': stats.size,
    // Vite puts a hash of the content into the names under assets/.
    'cache-control': relative.startsWith(`assets${sep}`)
      ? 'public, max-age=31536000, immutable'
      : 'no-cache',
    'x-content-type-options': 'nosniff',
  });
  if (response.req.method === 'HEAD') response.end();
  else createReadStream(path).pipe(response);
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}
