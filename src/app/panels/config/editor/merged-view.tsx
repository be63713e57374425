import { yaml } from '@codemirror/lang-yaml';
import { EditorState } from '@codemirror/state';
import { EditorView, highlightActiveLine, hoverTooltip, lineNumbers } from '@codemirror/view';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useT } from '../../../i18n/use-t.ts';
import { selectConfig } from '../../../store/config-slice.ts';
import { useStore } from '../../../store/store-context.tsx';
import { keysOfLines, originOf } from '../key-at-line.ts';
import { textChange } from '../text-change.ts';
import { useOriginWords } from '../use-origin-words.ts';
import styles from './editor.module.css';
import { editorLook } from './editor-look.ts';

interface LineOrigin {
  readonly key: string;
  readonly words: string;
}

/** The config that will run, bases merged in; every line knows which file set it (on hover, and at the cursor below). */
export function MergedView(): ReactNode {
  const t = useT('config');
  const config = useStore(selectConfig);
  const originWords = useOriginWords();
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const [cursorLine, setCursorLine] = useState(1);
  const merged = config?.merged ?? '';
  const keys = keysOfLines(merged);
  const lineOrigin = (line: number): LineOrigin | null => {
    const key = keys[line - 1] ?? '';
    const files = key === '' ? [] : originOf(key, config?.origins ?? {});
    if (files.length === 0) return null;
    return { key, words: originWords(...files) };
  };
  const latest = useRef(lineOrigin);
  useEffect(() => {
    latest.current = lineOrigin;
  });
  const label = t('mergedLabel');
  useEffect(() => {
    const parent = host.current;
    if (parent === null) return undefined;
    const editor = new EditorView({
      parent,
      extensions: [
        lineNumbers(),
        highlightActiveLine(),
        yaml(),
        editorLook,
        EditorState.readOnly.of(true),
        EditorView.contentAttributes.of({
          'aria-label': label,
          'aria-readonly': 'true',
          tabindex: '0',
        }),
        originTooltip((line) => latest.current(line)),
        EditorView.updateListener.of(({ state }) =>
          setCursorLine(state.doc.lineAt(state.selection.main.head).number),
        ),
      ],
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, [label]);
  useEffect(() => {
    const editor = view.current;
    const change = editor === null ? null : textChange(editor.state.doc.toString(), merged);
    if (change !== null) editor?.dispatch({ changes: change });
  }, [merged, label]);
  const here = lineOrigin(cursorLine);
  return (
    <div className={styles['merged']}>
      <div ref={host} className={styles['editor']} hidden={merged === ''} />
      {merged === '' ? <p className={styles['none']}>{t('noMerged')}</p> : null}
      <p className={styles['origin']}>
        {here === null ? t('originHint') : <code>{here.key}</code>}
        {here === null ? null : <span>{here.words}</span>}
      </p>
    </div>
  );
}

function originTooltip(
  lookUp: (line: number) => LineOrigin | null,
): ReturnType<typeof hoverTooltip> {
  return hoverTooltip((view, position) => {
    const line = view.state.doc.lineAt(position);
    const origin = lookUp(line.number);
    if (origin === null) return null;
    return {
      pos: line.from + (line.text.length - line.text.trimStart().length),
      create: () => {
        const dom = document.createElement('div');
        dom.className = 'cm-origin';
        dom.textContent = origin.words;
        const key = document.createElement('code');
        key.textContent = origin.key;
        dom.prepend(key);
        return { dom };
      },
    };
  });
}
