import { HardDriveDownload } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { listDrop, takeDrop } from '../drop/list-files.ts';
import { openFound } from '../drop/open-dropped.ts';
import { useT } from '../i18n/use-t.ts';
import { useServices } from '../store/store-context.tsx';
import styles from './drop-target.module.css';

/** The whole window takes files; while something is held over it, an overlay says what can be dropped. */
export function DropTarget(): ReactNode {
  const t = useT('frame');
  const { store } = useServices();
  const [over, setOver] = useState(false);
  useEffect(() => {
    // Enter and leave fire for every element below the pointer; the balance tells whether the window was left.
    let depth = 0;
    const holdsFiles = (event: DragEvent): boolean =>
      event.dataTransfer?.types.includes('Files') ?? false;
    const listeners: {
      readonly [K in 'dragenter' | 'dragleave' | 'dragover' | 'drop']: (event: DragEvent) => void;
    } = {
      dragenter: (event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        depth += 1;
        setOver(true);
      },
      dragleave: (event) => {
        if (!holdsFiles(event)) return;
        depth = Math.max(0, depth - 1);
        if (depth === 0) setOver(false);
      },
      dragover: (event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy';
      },
      drop: (event) => {
        depth = 0;
        setOver(false);
        const { dataTransfer } = event;
        if (dataTransfer === null || !holdsFiles(event)) return;
        event.preventDefault();
        const taken = takeDrop(dataTransfer);
        void openFound(store, (options) => listDrop(taken, options));
      },
    };
    const { dragenter, dragleave, dragover, drop } = listeners;
    window.addEventListener('dragenter', dragenter);
    window.addEventListener('dragleave', dragleave);
    window.addEventListener('dragover', dragover);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragenter', dragenter);
      window.removeEventListener('dragleave', dragleave);
      window.removeEventListener('dragover', dragover);
      window.removeEventListener('drop', drop);
    };
  }, [store]);
  if (!over) return null;
  return (
    <div className={styles['overlay']} role="status">
      <div className={styles['card']}>
        <HardDriveDownload size={32} strokeWidth={1.5} aria-hidden="true" />
        <p className={styles['title']}>{t('dropTitle')}</p>
        <p>{t('dropText')}</p>
      </div>
    </div>
  );
}
