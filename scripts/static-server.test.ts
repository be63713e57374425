import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveFolder } from './static-server.ts';
import type { StaticServer } from './static-server.ts';

const parent = mkdtempSync(join(tmpdir(), 'anchorage-serve-'));
const folder = join(parent, 'dist');
let server: StaticServer;

beforeAll(async () => {
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(parent, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'index.html'), '<p>hello</p>');
  writeFileSync(join(folder, 'assets/a b.js'), 'export {};');
  server = await serveFolder(folder, { port: 0, mount: '/some/sub/path/' });
});

afterAll(async () => {
  await server.close();
  rmSync(parent, { recursive: true });
});

/** Unlike fetch, this sends the path as it is given. */
function get(
  path: string,
  method = 'GET',
): Promise<{ status: number; type: string; body: string }> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, method }, (response) => {
      let body = '';
      response.on('data', (text) => (body += String(text)));
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          body,
        });
      });
    })
      .on('error', reject)
      .end();
  });
}

test('serves the index and the files below the mount', async () => {
  expect(await get('/some/sub/path/')).toMatchObject({
    status: 200,
    type: 'text/html; charset=utf-8',
    body: '<p>hello</p>',
  });
  expect(await get('/some/sub/path/assets/a%20b.js?x=1')).toMatchObject({
    status: 200,
    type: 'text/javascript; charset=utf-8',
  });
  expect(await get('/some/sub/path/', 'HEAD')).toMatchObject({ status: 200, body: '' });
});

test.each([
  ['/', 404],
  ['/some/sub/', 404],
  ['/some/sub/path/missing.js', 404],
  ['/some/sub/path/assets', 404],
  ['/some/sub/path/..%2fsecret.txt', 400],
  ['/some/sub/path/assets/..%2f..%2fsecret.txt', 400],
  ['/some/sub/path/%00', 400],
  ['/some/sub/path/%ff', 400],
])('refuses %s with %i', async (path, status) => {
  const answer = await get(path);
  expect(answer.status).toBe(status);
  expect(answer.body).not.toContain('secret');
});

test('refuses to write', async () => {
  expect((await get('/some/sub/path/', 'PUT')).status).toBe(405);
});

test('takes the next port when one is taken', async () => {
  const { port } = new URL(server.url);
  const second = await serveFolder(folder, { port: Number(port) });
  expect(new URL(second.url).port).not.toBe(port);
  await second.close();
});
