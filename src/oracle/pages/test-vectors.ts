import { z } from 'zod';
import { clipBoxes, flipBoxes, scaleBoxes, translateBoxes } from '../../boxes/convert.ts';
import { chooseInputSize } from '../../data/loader/bucket.ts';
import { targetSize } from '../../data/pixels/target-size.ts';
import type { OracleCase } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { skippedCase } from '../page.ts';
import { close, exact, pageCase } from '../page-case.ts';
import { fourNumbers, pair } from '../page-schemas.ts';

const boxesSchema = z.object({
  box: fourNumbers,
  img_shape_hw: pair,
  flip: z.object({ horizontal: fourNumbers, vertical: fourNumbers, diagonal: fourNumbers }),
  'translate[23,46]': fourNumbers,
  'clip to hw [13,14]': fourNumbers,
  'rescale wh [0.4,0.8]': fourNumbers,
});

const DIRECTIONS = ['horizontal', 'vertical', 'diagonal'] as const;

function boxesCase(name: string, section: unknown): OracleCase {
  const page = boxesSchema.parse(section);
  const box = Float32Array.from(page.box);
  const [height, width] = page.img_shape_hw;
  return pageCase({
    op: 'horizontal_boxes',
    name,
    onHost: true,
    wanted: {
      flip: close(DIRECTIONS.flatMap((direction) => page.flip[direction])),
      translate: close(page['translate[23,46]']),
      clip: close(page['clip to hw [13,14]']),
      rescale: close(page['rescale wh [0.4,0.8]']),
    },
    run: () =>
      Promise.resolve({
        flip: DIRECTIONS.flatMap((direction) => [...flipBoxes(box, width, height, direction)]),
        translate: translateBoxes(box, 23, 46),
        clip: clipBoxes(box, 14, 13),
        rescale: scaleBoxes(box, 0.4, 0.8),
      }),
  });
}

const rescaleSchema = z.array(
  z.object({ wh: pair, scale: z.union([z.number(), pair]), new: pair }),
);

function rescaleCases(name: string, section: unknown): readonly OracleCase[] {
  return rescaleSchema.parse(section).map(({ wh, scale, new: wanted }) =>
    pageCase({
      op: 'rescale_size',
      name: `${name} ${wh.join('×')} by ${String(scale)}`,
      onHost: true,
      wanted: { new: exact(wanted) },
      run() {
        const spec =
          typeof scale === 'number'
            ? { factor: [scale, scale] as const, keepRatio: false }
            : { scale, keepRatio: true };
        const { width, height } = targetSize(...wh, spec);
        return Promise.resolve({ new: [width, height] });
      },
    }),
  );
}

const padSchema = z.array(
  z.object({
    in_hw: pair.optional(),
    pad_hw: pair.optional(),
    batch_hw: z.array(pair).optional(),
    batched_hw: pair.optional(),
    divisor: z.number(),
  }),
);

function padCases(name: string, section: unknown): readonly OracleCase[] {
  return padSchema.parse(section).flatMap((item, index) => {
    const shapes = item.batch_hw ?? (item.in_hw === undefined ? [] : [item.in_hw]);
    const wanted = item.batched_hw ?? item.pad_hw;
    if (shapes.length === 0 || wanted === undefined) return [];
    return pageCase({
      op: 'pad_shape',
      name: `${name} ${index}`,
      onHost: true,
      wanted: { padded: exact(wanted) },
      run: () => Promise.resolve({ padded: chooseInputSize(shapes, [], item.divisor) }),
    });
  });
}

/** What runs a section, by the first word of its name. */
const SECTIONS: Readonly<
  Record<string, (name: string, section: unknown) => readonly OracleCase[]>
> = {
  horizontal_boxes: (name, section) => [boxesCase(name, section)],
  rescale_size: rescaleCases,
  pad_shape: padCases,
};

/** Numbers from the tests of MMDetection, mmcv and MMEngine. */
export const testVectorsPage: OraclePage = {
  page: 'test_vectors_misc',
  cases: (document) =>
    Object.entries(z.record(z.string(), z.unknown()).parse(document)).flatMap(
      ([name, section]): readonly OracleCase[] => {
        if (name === 'source') return [];
        const [word = ''] = name.split(' ');
        return (
          SECTIONS[word]?.(word, section) ?? [
            skippedCase('test_vectors', name, 'covered by other pages, or not computed here'),
          ]
        );
      },
    ),
};
