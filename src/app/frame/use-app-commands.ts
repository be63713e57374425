import { useMemo } from 'react';
import { type AppCommand } from '../commands/registry.ts';
import { useCommands } from '../commands/use-commands.ts';
import { chooseFile, chooseFolder } from '../drop/open-dropped.ts';
import { useT } from '../i18n/use-t.ts';
import { PLACES } from '../panels/list.ts';
import type { ThemeChoice } from '../store/settings-slice.ts';
import { type AppServices, useServices, useStore } from '../store/store-context.tsx';
import { selectHasModel } from '../store/predict-slice.ts';
import type { AppStore } from '../store/store.ts';
import { visibleImages } from '../store/use-visible-images.ts';
import { saveFile } from '../ui/save-file.ts';

export const NEXT_THEME: Readonly<Record<ThemeChoice, ThemeChoice>> = {
  system: 'light',
  light: 'dark',
  dark: 'system',
};

/** Starts, pauses or resumes, whichever is possible now. */
export function toggleRun(store: AppStore): void {
  const { run, startRun, pauseRun, resumeRun, goTo } = store.getState();
  switch (run?.phase) {
    case 'running':
    case 'preparing':
      return void pauseRun();
    case 'paused':
      return void resumeRun();
    case 'pausing':
    case 'stopping':
      return;
    case undefined:
    case 'idle':
    case 'stopped':
    case 'finished':
    case 'failed':
      // Where the run is prepared, and where a refusal is told.
      goTo('train');
      return void startRun();
  }
}

/** Selects the image `by` places further in what the grid shows; stays at the ends. */
function stepImage({ store, images }: AppServices, by: number): void {
  const { imageIndex, classFilter, selectImage } = store.getState();
  const list = visibleImages(images.list, classFilter);
  const at = list.findIndex(({ index }) => index === imageIndex);
  const next = at < 0 ? list[0] : list[Math.min(list.length - 1, Math.max(0, at + by))];
  if (next !== undefined) selectImage(next.index);
}

/** What can be done everywhere in the app. */
export function useAppCommands(): void {
  const t = useT('commands');
  const place = useT('frame');
  const services = useServices();
  const hasData = useStore((state) => state.dataset !== null);
  const canRun = useStore((state) => state.dataset !== null && state.device?.available !== false);
  const isSample = useStore((state) => state.sampleSeed !== null);
  const hasImage = useStore((state) => state.imageIndex !== null);
  const viewerOpen = useStore((state) => state.viewerOpen);
  const hasModel = useStore(selectHasModel);
  const active = useStore((state) =>
    ['preparing', 'running', 'paused'].includes(state.run?.phase ?? ''),
  );
  const commands = useMemo((): readonly AppCommand[] => {
    const { store } = services;
    const save = async (format: 'voc' | 'coco'): Promise<void> =>
      saveIfAny(await store.getState().exportDataset(format));
    return [
      ...PLACES.map(({ id, key }): AppCommand => ({
        id: `go.${id}`,
        group: 'go',
        title: t('go', { place: place(`place.${id}`) }),
        keys: [`g ${key}`],
        run: () => store.getState().goTo(id),
      })),
      command('run.toggle', 'run', t('toggleRun'), ['Mod+Enter'], () => toggleRun(store), {
        enabled: canRun,
      }),
      command('run.stop', 'run', t('stopRun'), [], () => void store.getState().stopRun(), {
        enabled: active,
      }),
      command(
        'run.save',
        'run',
        t('saveCheckpoint'),
        [],
        () => void store.getState().saveCheckpoint().then(saveIfAny),
        { enabled: hasModel },
      ),
      command(
        'image.next',
        'image',
        t('nextImage'),
        ['ArrowRight', 'j'],
        () => stepImage(services, 1),
        { enabled: hasData },
      ),
      command(
        'image.previous',
        'image',
        t('previousImage'),
        ['ArrowLeft', 'k'],
        () => stepImage(services, -1),
        { enabled: hasData },
      ),
      command('image.open', 'image', t('openImage'), ['Enter'], () => openSelected(store), {
        enabled: hasImage && !viewerOpen,
      }),
      command(
        'image.close',
        'image',
        t('closeImage'),
        ['Escape'],
        () => store.getState().closeViewer(),
        { enabled: viewerOpen },
      ),
      command('data.openFolder', 'data', t('openFolder'), [], () => void chooseFolder(store)),
      command('data.openZip', 'data', t('openZip'), [], () => chooseFile(store, '.zip')),
      command('data.trySample', 'data', t('trySample'), [], () => void openSample(store)),
      command(
        'data.allClasses',
        'data',
        t('clearClass'),
        [],
        () => store.getState().filterByClass(null),
        { enabled: hasData },
      ),
      command('data.exportVoc', 'data', t('exportVoc'), [], () => void save('voc'), {
        enabled: isSample,
      }),
      command('data.exportCoco', 'data', t('exportCoco'), [], () => void save('coco'), {
        enabled: isSample,
      }),
      command('app.theme', 'app', t('theme'), [], () => {
        const { theme, chooseTheme } = store.getState();
        chooseTheme(NEXT_THEME[theme]);
      }),
      command('app.language', 'app', t('language'), [], () => {
        const { language, chooseLanguage } = store.getState();
        chooseLanguage(language === 'en' ? 'zh-Hans' : 'en');
      }),
      command('app.help', 'app', t('help'), ['?'], () => store.getState().showHelp(true)),
      command(
        'app.palette',
        'app',
        t('palette'),
        ['Mod+k'],
        () => store.getState().showPalette(true),
        { keysOnly: true },
      ),
    ];
  }, [t, place, services, hasData, canRun, isSample, hasImage, viewerOpen, hasModel, active]);
  useCommands(commands);
}

/** Opens the sample in the Data place. */
export async function openSample(store: AppStore): Promise<void> {
  store.getState().goTo('data');
  await store.getState().openDataset({ kind: 'sample', seed: 0 });
}

function openSelected(store: AppStore): void {
  const { imageIndex, openImage } = store.getState();
  if (imageIndex !== null) openImage(imageIndex);
}

function saveIfAny(file: File | null): void {
  if (file !== null) saveFile(file);
}

function command(
  id: string,
  group: AppCommand['group'],
  title: string,
  keys: readonly string[],
  run: () => void,
  more: Partial<Pick<AppCommand, 'enabled' | 'keysOnly'>> = {},
): AppCommand {
  return { id, group, title, keys, run, ...more };
}
