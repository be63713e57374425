/**
 * The decimal with the fewest digits after the point that still reads back as the same float32. `readBack` is what the
 * format's reader does with the number (for VOC it subtracts 1). Falls back to the full double.
 */
export function shortestDecimal(
  value: number,
  readBack: (written: number) => number = (written) => written,
): number {
  const target = Math.fround(readBack(value));
  for (let digits = 0; digits <= 9; digits++) {
    const written = Number(value.toFixed(digits));
    if (Math.fround(readBack(written)) === target) return written;
  }
  return value;
}
