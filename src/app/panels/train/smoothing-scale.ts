/**
 * Slider position 0 … 100 to smoothing weight. Linear in weight the useful end (0.9 … 0.999) would be a few pixels wide, so
 * equal steps multiply the averaged length 1 / (1 − w) instead: 0 → 0, 50 → about 0.97, 100 → 0.999.
 */
export function weightOfSlider(position: number, max: number): number {
  const longest = 1 / (1 - max);
  const weight = 1 - longest ** -(position / 100);
  return Math.min(max, Number(weight.toFixed(weight < 0.9 ? 2 : 3)));
}

/** The slider position that gives a weight, to the nearest step. */
export function sliderOfWeight(weight: number): number {
  return Math.round((-Math.log(1 - weight) / Math.log(1000)) * 100);
}
