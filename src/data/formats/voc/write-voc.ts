/** Writes Pascal VOC label files: the inverse of what MMDetection's XMLDataset and this program read. */
import { FLAG_IGNORE, type Dataset } from '../../dataset.ts';
import { shortestDecimal } from '../decimal.ts';

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/**
 * A coordinate as VOC writes it, counted from 1. XMLDataset subtracts 1 from all four (`minus_one`), so 1 is added to all
 * four; a box that ends at the image's right rim has xmax = width + 1.
 */
function vocCoordinate(value: number): number {
  return shortestDecimal(value + 1, (written) => written - 1);
}

function vocObject(dataset: Dataset, k: number): string {
  const { boxes, labels, flags } = dataset.annotations;
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(k * 4, k * 4 + 4);
  const name = dataset.classes[labels[k] ?? -1];
  if (name === undefined) throw new RangeError(`Annotation ${k} has no class of the data set.`);
  const difficult = (flags[k] ?? 0) & FLAG_IGNORE ? 1 : 0;
  return `  <object>
    <name>${escapeXml(name)}</name>
    <pose>Unspecified</pose>
    <truncated>0</truncated>
    <difficult>${difficult}</difficult>
    <bndbox>
      <xmin>${vocCoordinate(x1)}</xmin>
      <ymin>${vocCoordinate(y1)}</ymin>
      <xmax>${vocCoordinate(x2)}</xmax>
      <ymax>${vocCoordinate(y2)}</ymax>
    </bndbox>
  </object>
`;
}

/**
 * The label file of image `index`, which is stored as `JPEGImages/<fileName>`. An image whose size the data set does not
 * know gets no <size>. Decimals are written where the box has them, so no coordinate changes by a round trip here;
 * MMDetection itself cuts them off (`int(float(x))`).
 */
export function vocXml(dataset: Dataset, index: number, fileName: string): string {
  const { offsets } = dataset.annotations;
  let objects = '';
  for (let k = offsets[index] ?? 0; k < (offsets[index + 1] ?? 0); k++)
    objects += vocObject(dataset, k);
  const size = dataset.images[index];
  const sizeXml =
    size !== undefined && size.width > 0 && size.height > 0
      ? `  <size>
    <width>${size.width}</width>
    <height>${size.height}</height>
    <depth>3</depth>
  </size>
`
      : '';
  return `<annotation>
  <folder>JPEGImages</folder>
  <filename>${escapeXml(fileName)}</filename>
${sizeXml}  <segmented>0</segmented>
${objects}</annotation>
`;
}

/** An ImageSets/Main list: one name without extension a line. */
export function vocImageList(stems: readonly string[]): string {
  return stems.map((stem) => `${stem}\n`).join('');
}
