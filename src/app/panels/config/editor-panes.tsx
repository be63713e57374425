import { lazy, type ReactNode, Suspense, useRef } from 'react';
import { useT } from '../../i18n/use-t.ts';
import { selectConfig } from '../../store/config-slice.ts';
import { useStore } from '../../store/store-context.tsx';
import { ProgressLine } from '../../ui/progress-line.tsx';
import type { TextEditorHandle } from './editor/text-editor.tsx';
import styles from './editor-panes.module.css';
import { ProblemRows } from './problem-rows.tsx';

// The editor is a third of a megabyte that only this place needs.
const TextEditor = lazy(() =>
  import('./editor/text-editor.tsx').then((m) => ({ default: m.TextEditor })),
);
const MergedView = lazy(() =>
  import('./editor/merged-view.tsx').then((m) => ({ default: m.MergedView })),
);

/** The text, and under it what is wrong with it. */
export function TextPane(): ReactNode {
  const ui = useT('ui');
  const problems = useStore(selectConfig)?.problems ?? [];
  const editor = useRef<TextEditorHandle>(null);
  return (
    <div className={styles['pane']}>
      <div className={styles['editor']}>
        <Suspense fallback={<ProgressLine label={ui('loading')} value={0} max={0} />}>
          <TextEditor ref={editor} />
        </Suspense>
      </div>
      <ProblemRows
        problems={problems}
        onGoTo={(line, column) => editor.current?.goTo(line, column)}
      />
    </div>
  );
}

/** The merged config. */
export function MergedPane(): ReactNode {
  const ui = useT('ui');
  return (
    <div className={styles['pane']}>
      <Suspense fallback={<ProgressLine label={ui('loading')} value={0} max={0} />}>
        <MergedView />
      </Suspense>
    </div>
  );
}
