import { DIST } from './built-app.ts';
import { checkBundle } from './bundle-size.ts';

const { lines, problems } = checkBundle(DIST);
for (const line of lines) console.log(line);
for (const problem of problems) console.error(`FAILED  ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
