import { type ReactNode, useId } from 'react';
import { useT } from '../../i18n/use-t.ts';
import { useStore } from '../../store/store-context.tsx';
import { Select } from '../../ui/select.tsx';
import styles from './preset-picker.module.css';

/** Chooses what to start from. Loading another preset over an edited text can be undone. */
export function PresetPicker(): ReactNode {
  const t = useT('config');
  const presets = useStore((state) => state.presets);
  const name = useStore((state) => state.configName);
  const edited = useStore((state) => state.configText !== state.configSource);
  const loadPreset = useStore((state) => state.loadPreset);
  const revertConfig = useStore((state) => state.revertConfig);
  const noteId = useId();
  const known = presets.find((preset) => preset.name === name);
  const options = presets.map((preset) => ({
    value: preset.name,
    label: preset.name.slice(preset.name.lastIndexOf('/') + 1),
  }));
  // A dropped file is no preset, but it is what is open.
  if (known === undefined) {
    const label = name === '' ? t('choosePreset') : name;
    options.unshift({ value: name, label });
  }
  return (
    <div className={styles['picker']}>
      <Select
        className={styles['select']}
        aria-label={t('preset')}
        aria-describedby={noteId}
        value={name}
        options={options}
        onChange={(chosen) => {
          if (chosen !== name) void loadPreset(chosen);
        }}
      />
      <p id={noteId} className={styles['note']} title={known?.description}>
        {edited ? t('edited') : (known?.description ?? '')}
        {edited ? (
          <button type="button" className={styles['revert']} onClick={() => void revertConfig()}>
            {t('revert')}
          </button>
        ) : null}
      </p>
    </div>
  );
}
