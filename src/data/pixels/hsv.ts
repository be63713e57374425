const f32 = Math.fround;

/** FLT_EPSILON */
const EPSILON = 2 ** -23;

const SIXTIETH = f32(6 / 360);

/**
 * cv2's RGB to HSV of float pixels [3 · n], one rounding to float32 per operation: hue 0 … 360 degrees, saturation
 * 0 … 1, value as bright as the brightest channel (0 … 255 stays 0 … 255). Where channels tie, red counts before green.
 */
export function rgbToHsv(rgb: Float32Array): Float32Array<ArrayBuffer> {
  const hsv = new Float32Array(rgb.length);
  for (let i = 0; i < rgb.length; i += 3) {
    const [r, g, b] = [rgb[i] ?? 0, rgb[i + 1] ?? 0, rgb[i + 2] ?? 0];
    const value = Math.max(r, g, b);
    const spread = f32(value - Math.min(r, g, b));
    const scale = f32(60 / f32(spread + EPSILON));
    let hue = 0;
    if (value === r) hue = f32(f32(g - b) * scale + (g < b ? 360 : 0));
    else if (value === g) hue = f32(f32(b - r) * scale + 120);
    else hue = f32(f32(r - g) * scale + 240);
    hsv[i] = hue;
    hsv[i + 1] = spread / f32(Math.abs(value) + EPSILON);
    hsv[i + 2] = value;
  }
  return hsv;
}

/** cv2's HSV to RGB of float pixels [3 · n], the inverse of {@link rgbToHsv}; the hue is 0 … 360 degrees. */
export function hsvToRgb(hsv: Float32Array): Float32Array<ArrayBuffer> {
  const rgb = new Float32Array(hsv.length);
  for (let i = 0; i < hsv.length; i += 3) {
    const [saturation, value] = [hsv[i + 1] ?? 0, hsv[i + 2] ?? 0];
    const turn = f32((hsv[i] ?? 0) * SIXTIETH);
    const whole = Math.floor(turn);
    const part = f32(turn - whole);
    const low = f32(value * f32(1 - saturation));
    const falling = f32(value * f32(1 - saturation * part));
    const rising = f32(value * f32(1 - saturation * f32(1 - part)));
    const colour = sector(whole % 6, value, low, falling, rising);
    rgb[i] = colour[0];
    rgb[i + 1] = colour[1];
    rgb[i + 2] = colour[2];
  }
  return rgb;
}

function sector(
  index: number,
  value: number,
  low: number,
  falling: number,
  rising: number,
): readonly [number, number, number] {
  switch (index) {
    case 0:
      return [value, rising, low];
    case 1:
      return [falling, value, low];
    case 2:
      return [low, value, rising];
    case 3:
      return [low, falling, value];
    case 4:
      return [rising, low, value];
    default:
      return [value, low, falling];
  }
}
