import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useT } from '../i18n/use-t.ts';
import { classNames } from './class-names.ts';
import styles from './sheet.module.css';

export interface SheetProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  /** `bottom`: rises from the lower edge (narrow screens); `center`: floats in the middle. */
  readonly side?: 'bottom' | 'center';
  readonly children: ReactNode;
}

/** Something that floats over the work until it is closed: Escape, a click beside it, or the cross. */
export function Sheet({
  open,
  onOpenChange,
  title,
  side = 'center',
  children,
}: SheetProps): ReactNode {
  const t = useT('ui');
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles['scrim']} />
        <Dialog.Popup className={classNames(styles['sheet'], styles[side])}>
          <div className={styles['head']}>
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Close className={styles['close']} aria-label={t('close')}>
              <X size={16} />
            </Dialog.Close>
          </div>
          <div className={styles['body']}>{children}</div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
