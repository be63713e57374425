import { expect, test } from 'vitest';
import { countDebt } from './ratchet.ts';

test('counts suppressions, notes to self, skipped tests and long files', () => {
  const debt = countDebt({
    'src/a.ts':
      '// oxlint-disable-next-line no-var -- why\n// @ts-expect-error why\n// TODO later\n',
    'src/a.test.ts': "test.skip('x', f);\ndescribe.only('y', f);\ntest('z', f);\n",
    'src/long.ts': 'x\n'.repeat(301),
    'src/not-so-long.ts': 'x\n'.repeat(299),
  });
  expect(debt).toEqual({
    suppressions: { total: 2, where: ['src/a.ts (2)'] },
    todos: { total: 1, where: ['src/a.ts (1)'] },
    skippedTests: { total: 2, where: ['src/a.test.ts (2)'] },
    longFiles: { total: 1, where: ['src/long.ts (1)'] },
  });
});
