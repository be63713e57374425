/** The places that exist now, in the order of the rail. */
export const PLACE_IDS = ['data', 'config', 'train', 'evaluate'] as const;

export type PlaceId = (typeof PLACE_IDS)[number];

export function isPlaceId(text: string): text is PlaceId {
  return PLACE_IDS.some((id) => id === text);
}
