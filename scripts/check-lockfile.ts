import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const VERSIONS = z.record(z.string(), z.string());
const PACKAGE = z.object({
  dependencies: VERSIONS.optional(),
  devDependencies: VERSIONS.optional(),
});
const LOCK = z.object({
  packages: z.record(
    z.string(),
    PACKAGE.extend({
      version: z.string().optional(),
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      link: z.boolean().optional(),
      inBundle: z.boolean().optional(),
    }),
  ),
});

/**
 * What is wrong with the package files: a range where an exact version should stand, an entry that names the registry
 * it came from (it would bind everybody to that registry), one without a checksum, or two files that disagree.
 */
export function lockfileProblems(packageJson: unknown, packageLock: unknown): readonly string[] {
  const manifest = PACKAGE.parse(packageJson);
  const { packages } = LOCK.parse(packageLock);
  const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
  const root = packages[''];
  const locked = { ...root?.dependencies, ...root?.devDependencies };
  return [
    ...Object.entries(wanted)
      .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => `package.json: ${name} is ${version}, not an exact version`),
    ...Object.entries(wanted)
      .filter(
        ([name, version]) =>
          locked[name] !== version || packages[`node_modules/${name}`]?.version !== version,
      )
      .map(
        ([name, version]) => `package-lock.json does not have ${name} ${version}: run npm install`,
      ),
    ...Object.entries(packages).flatMap(([path, entry]) => {
      if (path === '' || entry.link === true) return [];
      return [
        ...(entry.resolved === undefined
          ? []
          : [`package-lock.json: ${path} names its registry (resolved)`]),
        ...(entry.integrity === undefined && entry.inBundle !== true
          ? [`package-lock.json: ${path} has no checksum`]
          : []),
      ];
    }),
  ];
}

if (process.argv[1] === import.meta.filename) {
  const root = join(import.meta.dirname, '..');
  const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));
  const problems = lockfileProblems(read('package.json'), read('package-lock.json'));
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log('exact versions, checksums, no registry named');
  process.exitCode = problems.length === 0 ? 0 : 1;
}
