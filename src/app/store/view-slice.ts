import type { PlaceId } from '../panels/place-id.ts';
import type { SliceCreator } from './slice.ts';
import type { AppState } from './store.ts';

export interface ViewSlice {
  readonly place: PlaceId;
  /** The image that is selected in every place; null when none is. */
  readonly imageIndex: number | null;
  /** The image is open in the viewer (as against selected in the grid). */
  readonly viewerOpen: boolean;
  /** The box of the selected image that is pointed at or picked, by its position; null when none is. */
  readonly activeBox: number | null;
  readonly boxesShown: boolean;
  readonly helpOpen: boolean;
  readonly paletteOpen: boolean;
  goTo(place: PlaceId): void;
  selectImage(index: number | null): void;
  openImage(index: number): void;
  closeViewer(): void;
  pointAtBox(id: number | null): void;
  toggleBoxes(): void;
  showHelp(open: boolean): void;
  showPalette(open: boolean): void;
}

export const createViewSlice: SliceCreator<ViewSlice> = ({ set }) => ({
  place: 'data',
  imageIndex: null,
  viewerOpen: false,
  activeBox: null,
  boxesShown: true,
  helpOpen: false,
  paletteOpen: false,
  goTo: (place) => set({ place }),
  selectImage: (imageIndex) => set({ imageIndex, activeBox: null }),
  openImage: (imageIndex) => set({ imageIndex, activeBox: null, viewerOpen: true, place: 'data' }),
  closeViewer: () => set({ viewerOpen: false, activeBox: null }),
  pointAtBox: (activeBox) => set({ activeBox }),
  toggleBoxes: () => set((state) => ({ boxesShown: !state.boxesShown })),
  showHelp: (helpOpen) => set({ helpOpen, paletteOpen: false }),
  showPalette: (paletteOpen) => set({ paletteOpen, helpOpen: false }),
});

export const selectPlace = (state: AppState): PlaceId => state.place;
export const selectImageIndex = (state: AppState): number | null => state.imageIndex;
