import type { PresetInfo } from '../../worker/protocol.ts';
import type { AppStore } from './store.ts';

/**
 * Keeps the config and the pinned images in step with what is open: the default preset is loaded as soon as the engine names
 * its presets, the config is checked anew when another dataset brings other classes, and the first images of its
 * validation split are pinned. Returns the function that stops it.
 */
export function followDataset(store: AppStore): () => void {
  // The dataset that the present config was last checked with.
  let checkedWith = store.getState().dataset;
  return store.subscribe((state, before) => {
    const { dataset } = state;
    if (state.presets !== before.presets && state.configPhase === 'none') {
      const preset = defaultPreset(state.presets);
      if (preset !== undefined) void state.loadPreset(preset.name);
    }
    // Also when the dataset was opened while an answer was under way: that answer may not know it yet.
    if (state.configPhase === 'checked' && dataset !== checkedWith) {
      checkedWith = dataset;
      void state.checkConfig();
    }
    if (dataset !== before.dataset && dataset !== null) void state.pinFirst(dataset.valSplit);
  });
}

/** The one made for the sample, since it learns from nothing in minutes; without it the first. */
export function defaultPreset(presets: readonly PresetInfo[]): PresetInfo | undefined {
  return presets.find(({ name }) => name.endsWith('_sample')) ?? presets[0];
}
