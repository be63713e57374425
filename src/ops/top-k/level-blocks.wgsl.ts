import type { ParamSpec } from '../../tensor/kernel.ts';

/** Elements of a level per workgroup, until the level has {@link MOST_BLOCKS} of them. */
const BLOCK_ELEMENTS = 4096;
/** Every workgroup adds up the histograms of its whole level, so more of them stop to pay. */
const MOST_BLOCKS = 64;

/** How the levels' scores are shared out among workgroups. */
export interface LevelBlocks {
  /** Workgroups per image. */
  readonly blocks: number;
  /** Values of {@link levelParams}. */
  readonly params: Readonly<Record<string, number>>;
}

/** @param sizes elements (anchors · K) of each level */
export function levelBlocks(sizes: readonly number[]): LevelBlocks {
  const params: Record<string, number> = {};
  let start = 0;
  let blocks = 0;
  for (const [level, size] of sizes.entries()) {
    params[`start${level}`] = start;
    params[`firstBlock${level}`] = blocks;
    start += size;
    blocks += Math.min(Math.max(Math.ceil(size / BLOCK_ELEMENTS), 1), MOST_BLOCKS);
  }
  params[`start${sizes.length}`] = start;
  params[`firstBlock${sizes.length}`] = blocks;
  return { blocks, params };
}

/**
 * Where the levels lie among an image's elements (N · K logits) and among its workgroups: the first of each, and the
 * ends as those of one level more. Parameters, so that one pipeline serves every input size.
 */
export function levelParams(levels: number): ParamSpec[] {
  const names = Array.from({ length: levels + 1 }, (_, level) => [
    `start${level}`,
    `firstBlock${level}`,
  ]);
  return names.flat().map((name) => ({ name, type: 'u32' }));
}

/** `levelStart(level)` for 0 … L. Needs {@link levelParams}. */
export function levelStart(levels: number): string {
  return `\nconst LEVELS = ${levels}u;${lookUp('levelStart', 'start', levels)}`;
}

/**
 * `rangeOf(block)`: the level of a workgroup, its elements and the level's workgroups. Needs {@link levelParams} and
 * {@link levelStart}.
 */
export function blockRange(levels: number): string {
  return /* wgsl */ `${lookUp('firstBlock', 'firstBlock', levels)}
struct Range { level: u32, begin: u32, end: u32, firstBlock: u32, endBlock: u32 }
fn rangeOf(block: u32) -> Range {
  var level = 0u;
  while (level + 1u < LEVELS && firstBlock(level + 1u) <= block) { level += 1u; }
  let first = firstBlock(level);
  let last = firstBlock(level + 1u);
  let start = levelStart(level);
  let end = levelStart(level + 1u);
  let share = (end - start + last - first - 1u) / (last - first);
  let begin = min(start + (block - first) * share, end);
  return Range(level, begin, min(begin + share, end), first, last);
}`;
}

function lookUp(name: string, param: string, levels: number): string {
  const cases = Array.from(
    { length: levels + 1 },
    (_, level) => `    case ${level}u: { return params.${param}${level}; }`,
  );
  return /* wgsl */ `
fn ${name}(level: u32) -> u32 {
  switch (level) {
${cases.join('\n')}
    default: { return 0u; }
  }
}`;
}
