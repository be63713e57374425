import { isPlaceId, type PlaceId } from '../panels/place-id.ts';

/** What the URL's hash holds: where one is, never data. `#/data?sample=0&split=val&image=12&open=1` */
export interface HashState {
  readonly place: PlaceId;
  /** The sample's seed, when the sample is what is open: such a link can be shared and survives a reload. */
  readonly sample: number | null;
  readonly split: string | null;
  readonly image: number | null;
  /** The image is open in the viewer. */
  readonly open: boolean;
}

/** Reads a hash. What is not understood is left at its default: a link from another version still opens the app. */
export function parseHash(hash: string): HashState {
  const [path = '', query = ''] = hash.replace(/^#\/?/u, '').split('?');
  const params = new URLSearchParams(query);
  const image = wholeNumber(params.get('image'));
  return {
    place: isPlaceId(path) ? path : 'data',
    sample: wholeNumber(params.get('sample')),
    split: params.get('split'),
    image,
    open: image !== null && params.get('open') === '1',
  };
}

/** Writes a hash; defaults are left out. */
export function formatHash(state: HashState): string {
  const params = new URLSearchParams();
  if (state.sample !== null) params.set('sample', String(state.sample));
  if (state.split !== null) params.set('split', state.split);
  if (state.image !== null) params.set('image', String(state.image));
  if (state.open) params.set('open', '1');
  const query = params.toString();
  return `#/${state.place}${query === '' ? '' : `?${query}`}`;
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/u.test(text) ? Number(text) : null;
}
