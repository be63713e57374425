/**
 * The two frames in which boxes live. Both are flat Float32Arrays [n · 4], xyxy, absolute pixels, exclusive right and
 * bottom (width = x2 − x1). The brand exists for the compiler only.
 */
declare const frame: unique symbol;

/** Boxes in pixels of the image as it is shown (EXIF applied), before any resize. */
export type OriginalBoxes = Float32Array<ArrayBuffer> & { readonly [frame]: 'original' };

/** Boxes in pixels of the resized and flipped network input, before padding (padding is right and bottom, so it moves nothing). */
export type InputBoxes = Float32Array<ArrayBuffer> & { readonly [frame]: 'input' };

function isBoxArray<T extends Float32Array>(data: Float32Array): data is T {
  return data.length % 4 === 0;
}

/** States that `data` [n · 4] is in the original frame. Throws RangeError when the length is no multiple of 4. */
export function originalBoxes(data: Float32Array<ArrayBuffer>): OriginalBoxes {
  if (!isBoxArray<OriginalBoxes>(data))
    throw new RangeError(`originalBoxes: length ${data.length} is no multiple of 4`);
  return data;
}

/** States that `data` [n · 4] is in the input frame. Throws RangeError when the length is no multiple of 4. */
export function inputBoxes(data: Float32Array<ArrayBuffer>): InputBoxes {
  if (!isBoxArray<InputBoxes>(data))
    throw new RangeError(`inputBoxes: length ${data.length} is no multiple of 4`);
  return data;
}
