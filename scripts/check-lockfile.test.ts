import { expect, test } from 'vitest';
import { lockfileProblems } from './check-lockfile.ts';

const entry = { version: '1.0.0', integrity: 'sha512-x' };

function problems(
  range: string,
  locked: object,
  root: Record<string, string> = { a: range },
): readonly string[] {
  return lockfileProblems(
    { dependencies: { a: range } },
    { packages: { '': { dependencies: root }, 'node_modules/a': { ...entry, ...locked } } },
  );
}

test('accepts exact versions with checksums and no registry', () => {
  expect(problems('1.0.0', {})).toEqual([]);
});

test.each([
  ['a range', problems('^1.0.0', {}, { a: '^1.0.0' }), /not an exact version/],
  [
    'a named registry',
    problems('1.0.0', { resolved: 'https://registry.example/a.tgz' }),
    /names its registry/,
  ],
  ['a missing checksum', problems('1.0.0', { integrity: undefined }), /no checksum/],
  [
    'a lockfile of another version',
    problems('1.0.0', { version: '1.0.1' }),
    /does not have a 1\.0\.0/,
  ],
  ['a lockfile that does not list it', problems('1.0.0', {}, {}), /does not have a 1\.0\.0/],
])('refuses %s', (_name, found, message) => {
  expect(found.join('\n')).toMatch(message);
});
