import { type ReactNode, useMemo, useState } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import type { AppCommand } from '../../commands/registry.ts';
import { useCommands } from '../../commands/use-commands.ts';
import { useT } from '../../i18n/use-t.ts';
import { selectClasses } from '../../store/dataset-slice.ts';
import { useServices, useStore } from '../../store/store-context.tsx';
import { ErrorState } from '../../ui/error-state.tsx';
import { Sheet } from '../../ui/sheet.tsx';
import { useIsNarrow } from '../../ui/use-media.ts';
import { Grid } from './grid.tsx';
import { ImageView } from './image-view.tsx';
import { Inspector } from './inspector.tsx';
import styles from './panel.module.css';
import { Toolbar } from './toolbar.tsx';

/** The Data place: the images with their boxes, and what there is to know about them. */
export function DataPanel(): ReactNode {
  const t = useT('data');
  const narrow = useIsNarrow();
  const [detailsOpen, setDetailsOpen] = useState(false);
  useDataCommands();
  const work = <Work onDetails={() => setDetailsOpen(true)} />;
  if (narrow) {
    return (
      <>
        {work}
        <Sheet open={detailsOpen} onOpenChange={setDetailsOpen} side="bottom" title={t('details')}>
          <Inspector />
        </Sheet>
      </>
    );
  }
  return (
    <Group orientation="horizontal" className={styles['group']}>
      <Panel minSize={320}>{work}</Panel>
      <Separator className={styles['separator']} aria-label={t('resize')} />
      <Panel defaultSize={340} minSize={260} maxSize="50%">
        <aside className={styles['aside']} aria-label={t('inspector')}>
          <Inspector />
        </aside>
      </Panel>
    </Group>
  );
}

function Work(props: { readonly onDetails: () => void }): ReactNode {
  const viewerOpen = useStore((state) => state.viewerOpen && state.imageIndex !== null);
  const error = useStore((state) => state.datasetError);
  const dismiss = useStore((state) => state.dismissDatasetError);
  return (
    <div className={styles['work']}>
      {error === null ? null : (
        <div className={styles['error']}>
          <ErrorState error={error} onDismiss={dismiss} />
        </div>
      )}
      {viewerOpen ? (
        <ImageView onDetails={props.onDetails} />
      ) : (
        <>
          <Toolbar onDetails={props.onDetails} />
          <Grid />
        </>
      )}
    </div>
  );
}

/** Digits choose a class, T shows and hides the boxes. */
function useDataCommands(): void {
  const t = useT('data');
  const words = useT('commands');
  const { store } = useServices();
  const classes = useStore(selectClasses);
  const commands = useMemo(
    (): readonly AppCommand[] => [
      {
        id: 'image.boxes',
        group: 'image',
        title: words('toggleBoxes'),
        keys: ['t'],
        run: () => store.getState().toggleBoxes(),
      },
      ...classes.slice(0, 9).map(({ name }, label): AppCommand => ({
        id: `data.class.${label}`,
        group: 'data',
        title: t('onlyClass', { name }),
        keys: [String(label + 1)],
        run: () => {
          const { classFilter, filterByClass } = store.getState();
          filterByClass(classFilter === label ? null : label);
        },
      })),
    ],
    [t, words, store, classes],
  );
  useCommands(commands);
}
