import { useEffect, useState } from 'react';
import { errorDetails } from '../../../base/errors.ts';
import type { PictureState } from '../../images/picture-cache.ts';
import { usePicture } from '../../store/use-picture.ts';

const LOADING: PictureState = { status: 'loading' };

/** A picture of the dataset at full size. */
export function useDatasetPicture(index: number): PictureState {
  return usePicture(index, 0);
}

/** The pixels of a file of the user's; its bitmap is closed when another takes its place. */
export function useFilePicture(file: File): PictureState {
  const [got, setGot] = useState<{ readonly file: File; readonly state: PictureState } | null>(
    null,
  );
  useEffect(() => {
    let wanted = true;
    let bitmap: ImageBitmap | null = null;
    const decode = async (): Promise<void> => {
      try {
        // As cv2 and the engine read it: turned by its EXIF orientation.
        bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
        if (!wanted) return bitmap.close();
        const { width, height } = bitmap;
        setGot({ file, state: { status: 'ready', picture: { bitmap, width, height } } });
      } catch (error) {
        if (wanted) setGot({ file, state: { status: 'failed', error: errorDetails(error) } });
      }
    };
    void decode();
    return () => {
      wanted = false;
      bitmap?.close();
    };
  }, [file]);
  return got?.file === file ? got.state : LOADING;
}
