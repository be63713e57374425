import { z } from 'zod';
import { FasterRcnn } from '../../models/detectors/faster-rcnn.ts';
import { RetinaNet } from '../../models/detectors/retinanet.ts';
import type { ParameterSet } from '../../models/parameter-set.ts';
import { fasterRcnnOf, retinaNetOf } from '../models/options-from-shapes.ts';
import type { Shapes } from '../models/options-from-shapes.ts';
import { mmdetName } from '../models/torchvision-names.ts';
import type { OracleCase } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { skippedCase } from '../page.ts';
import { EQUAL, exact, pageCase, same } from '../page-case.ts';
import { numbers } from '../page-schemas.ts';

const pageSchema = z.record(z.string(), z.record(z.string(), numbers));

/** The engine has no counter of batches: nothing computes with it. */
const COUNTER = /num_batches_tracked$/;

/** Names of the detectors that are built, in MMDetection's spelling. */
const KNOWN =
  /^(backbone\.(conv1|bn1|layer\d)|neck\.(lateral|fpn)_convs\.\d+\.conv\.(weight|bias)$|bbox_head\.((cls|reg)_convs\.\d+\.conv|retina_(cls|reg))\.(weight|bias)$|rpn_head\.rpn_(conv|cls|reg)\.(weight|bias)$|roi_head\.bbox_head\.(fc_(cls|reg)|shared_fcs\.\d)\.)/;

/** A detector of the engine in the sizes of a state_dict, as long as its names are looked at. */
function withModel<T>(
  shapes: Shapes,
  torchvision: boolean,
  look: (parameters: ParameterSet) => T,
): T {
  // Rows of the background's box are torchvision's alone.
  const rules = torchvision ? 'torchvision' : 'mmdetection';
  const model = shapes.has('rpn_head.rpn_cls.weight')
    ? new FasterRcnn({ ...fasterRcnnOf(shapes), rules }, 0)
    : new RetinaNet({ ...retinaNetOf(shapes), rules }, 0);
  try {
    return look(model.parameters);
  } finally {
    model.dispose();
  }
}

function shapesCase(name: string, entry: Readonly<Record<string, readonly number[]>>): OracleCase {
  const wanted = Object.entries(entry).filter(([key]) => !COUNTER.test(key));
  const torchvision = name.startsWith('tv_');
  const shapes: Shapes = new Map(wanted.map(([key, shape]) => [mmdetName(key), shape]));
  if ([...shapes.keys()].some((key) => !KNOWN.test(key))) {
    return skippedCase('state_dict_shapes', name, 'an architecture that is not built');
  }
  return pageCase({
    op: 'state_dict_shapes',
    name,
    onHost: true,
    wanted: { tensors: exact([wanted.length]), names: EQUAL, shapes: EQUAL },
    run: () =>
      Promise.resolve(
        withModel(shapes, torchvision, (parameters) => {
          const own = parameters.list();
          const names = own.map((parameter) => parameter.name);
          // torchvision lists modules in another order.
          const order = (list: readonly string[]) => (torchvision ? list.toSorted() : list);
          return {
            tensors: [own.length],
            names: same(order(names).join() === order([...shapes.keys()]).join()),
            shapes: same(
              own.every(({ name: key, shape }) => shape.join() === shapes.get(key)?.join()),
            ),
          };
        }),
      ),
  });
}

/** Names and shapes of MMDetection's and torchvision's detectors. */
export const stateDictShapesPage: OraclePage = {
  page: 'state_dict_shapes',
  cases: (document) =>
    Object.entries(pageSchema.parse(document)).map(([name, entry]) => shapesCase(name, entry)),
};
