import { lazy, type ReactNode, Suspense, useEffect } from 'react';
import { createKeyHandler } from '../commands/key-handler.ts';
import { currentCommands } from '../commands/registry.ts';
import { useT } from '../i18n/use-t.ts';
import { PLACES } from '../panels/list.ts';
import { StartScreen } from '../start/start-screen.tsx';
import { useServices, useStore } from '../store/store-context.tsx';
import { selectPlace } from '../store/view-slice.ts';
import { ProgressLine } from '../ui/progress-line.tsx';
import { DropTarget } from './drop-target.tsx';
import styles from './frame.module.css';
import { PanelBoundary } from './panel-boundary.tsx';
import { Rail } from './rail.tsx';
import { RunBar } from './run-bar.tsx';
import { TopBar } from './top-bar.tsx';
import { useAppCommands } from './use-app-commands.ts';
import { useDocumentTitle } from './use-document-title.ts';

const HelpSheet = lazy(() => import('./help-sheet.tsx').then((m) => ({ default: m.HelpSheet })));
const Palette = lazy(() => import('./palette.tsx').then((m) => ({ default: m.Palette })));

/** Rail, top bar, the chosen place, run bar; and what floats over them. */
export function Frame(): ReactNode {
  useAppCommands();
  useKeys();
  useDocumentTitle();
  const helpOpen = useStore((state) => state.helpOpen);
  const paletteOpen = useStore((state) => state.paletteOpen);
  return (
    <div className={styles['frame']}>
      <Rail />
      <TopBar />
      <main className={styles['main']} id="work">
        <CurrentPanel />
      </main>
      <RunBar />
      <DropTarget />
      <Suspense fallback={null}>
        {helpOpen ? <HelpSheet /> : null}
        {paletteOpen ? <Palette /> : null}
      </Suspense>
    </div>
  );
}

function CurrentPanel(): ReactNode {
  const place = useStore(selectPlace);
  const hasData = useStore((state) => state.dataset !== null);
  const found = PLACES.find(({ id }) => id === place);
  if (found === undefined) return null;
  if (place === 'data' && !hasData) return <StartScreen />;
  return (
    <PanelBoundary key={place}>
      <Suspense fallback={<PanelLoading />}>
        <found.Panel />
      </Suspense>
    </PanelBoundary>
  );
}

function PanelLoading(): ReactNode {
  const t = useT('ui');
  return (
    <div data-panel-loading="">
      <ProgressLine label={t('loading')} value={0} max={0} />
    </div>
  );
}

/** One listener for the whole window. */
function useKeys(): void {
  const { store } = useServices();
  useEffect(() => {
    const onKeyDown = createKeyHandler({
      commands: () => {
        const { helpOpen, paletteOpen } = store.getState();
        // While something floats over the work, its keys are its own.
        return helpOpen || paletteOpen ? [] : currentCommands();
      },
      singleKeys: () => store.getState().singleKeys,
    });
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [store]);
}
