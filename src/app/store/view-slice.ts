import type { PlaceId } from '../panels/place-id.ts';
import type { SliceCreator } from './slice.ts';
import type { AppState } from './store.ts';

export interface ViewSlice {
  readonly place: PlaceId;
  /** The image that is selected in every place; null when none is. */
  readonly imageIndex: number | null;
  /** The image is open in the viewer (as against selected in the grid). */
  readonly viewerOpen: boolean;
  readonly helpOpen: boolean;
  readonly paletteOpen: boolean;
  goTo(place: PlaceId): void;
  selectImage(index: number | null): void;
  openImage(index: number): void;
  closeViewer(): void;
  showHelp(open: boolean): void;
  showPalette(open: boolean): void;
}

export const createViewSlice: SliceCreator<ViewSlice> = ({ set }) => ({
  place: 'data',
  imageIndex: null,
  viewerOpen: false,
  helpOpen: false,
  paletteOpen: false,
  goTo: (place) => set({ place }),
  selectImage: (imageIndex) => set({ imageIndex }),
  openImage: (imageIndex) => set({ imageIndex, viewerOpen: true, place: 'data' }),
  closeViewer: () => set({ viewerOpen: false }),
  showHelp: (helpOpen) => set({ helpOpen, paletteOpen: false }),
  showPalette: (paletteOpen) => set({ paletteOpen, helpOpen: false }),
});

export const selectPlace = (state: AppState): PlaceId => state.place;
export const selectImageIndex = (state: AppState): number | null => state.imageIndex;
