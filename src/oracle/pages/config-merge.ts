import { z } from 'zod';
import { parseCfgValue } from '../../config/cfg-options.ts';
import { toPlain } from '../../config/config-node.ts';
import type { OracleCase } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { skippedCase } from '../page.ts';
import { EQUAL, pageCase, same } from '../page-case.ts';

const pageSchema = z.object({
  cases: z.array(z.object({ name: z.string() })),
  dict_action: z.record(z.string(), z.object({ value: z.unknown(), is_tuple: z.boolean() })),
});

/** A value of `--cfg-options`, as MMEngine's `DictAction` takes it. */
function valueCase(text: string, value: unknown, isTuple: boolean): OracleCase {
  return pageCase({
    op: 'dict_action',
    name: text,
    onHost: true,
    wanted: { value: EQUAL, is_tuple: EQUAL },
    run() {
      const node = parseCfgValue(text);
      const plain = node === undefined ? undefined : toPlain(node);
      return Promise.resolve({
        value: same(JSON.stringify(plain) === JSON.stringify(value)),
        is_tuple: same((node?.kind === 'list' && node.isTuple) === isTuple),
      });
    },
  });
}

/** MMEngine's config language. Its configs on this page are Python files, which are not read here. */
export const configMergePage: OraclePage = {
  page: 'config_merge',
  cases(document) {
    const page = pageSchema.parse(document);
    return [
      ...page.cases.map(({ name }) =>
        skippedCase('config_merge', name, 'configs in Python are not read; YAML ones are'),
      ),
      ...Object.entries(page.dict_action).map(([text, { value, is_tuple: isTuple }]) =>
        valueCase(text, value, isTuple),
      ),
    ];
  },
};
