import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, indentOnInput, indentUnit } from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { Annotation, EditorState, type Text } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { type ReactNode, type Ref, useEffect, useImperativeHandle, useRef } from 'react';
import { formatError } from '../../../../base/errors.ts';
import { useErrorWords } from '../../../i18n/error-words.ts';
import { useT } from '../../../i18n/use-t.ts';
import { selectConfig } from '../../../store/config-slice.ts';
import { useServices, useStore } from '../../../store/store-context.tsx';
import type { AppStore } from '../../../store/store.ts';
import { textProblems, type TextProblem } from '../config-problems.ts';
import { textChange } from '../text-change.ts';
import styles from './editor.module.css';
import { editorLook } from './editor-look.ts';

export interface TextEditorHandle {
  /** Puts the cursor at a 1-based line and column and the focus into the editor. */
  goTo(line: number, column: number): void;
}

/** Changes that came from the store are not reported back to it. */
const fromStore = Annotation.define<boolean>();

/** The config as text: YAML with line numbers, the problems at their lines, and Ctrl+S to check at once. */
export function TextEditor({ ref }: { readonly ref?: Ref<TextEditorHandle> }): ReactNode {
  const t = useT('config');
  const words = useErrorWords();
  const { store } = useServices();
  const problems = useStore(selectConfig)?.problems;
  const phase = useStore((state) => state.configPhase);
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const label = t('textLabel');
  const latestWords = useRef(words);
  useEffect(() => {
    latestWords.current = words;
  });
  useEffect(() => {
    const parent = host.current;
    if (parent === null) return undefined;
    const editor = new EditorView({ parent, state: firstState(store, label) });
    view.current = editor;
    // Not through React: by the time a render came, the user may have typed on, and would be overwritten.
    const stop = store.subscribe(({ configText }) => {
      const change = textChange(editor.state.doc.toString(), configText);
      if (change !== null) editor.dispatch({ changes: change, annotations: fromStore.of(true) });
    });
    return () => {
      stop();
      editor.destroy();
      view.current = null;
    };
  }, [store, label]);
  useEffect(() => {
    const editor = view.current;
    // While a newer text is being checked, the marks move along with the text they were made for.
    if (editor === null || phase !== 'checked') return;
    const { doc } = editor.state;
    const found = textProblems(problems ?? []).map((one) =>
      diagnostic(doc, one, messageOf(one, latestWords.current)),
    );
    editor.dispatch(setDiagnostics(editor.state, found));
  }, [problems, phase, label]);
  useImperativeHandle(ref, () => ({
    goTo(line, column) {
      const editor = view.current;
      if (editor === null) return;
      const anchor = positionOf(editor.state.doc, line, column);
      editor.dispatch({
        selection: { anchor },
        effects: EditorView.scrollIntoView(anchor, { y: 'center' }),
      });
      editor.focus();
    },
  }));
  return <div ref={host} className={styles['editor']} />;
}

function firstState(store: AppStore, label: string): EditorState {
  return EditorState.create({
    doc: store.getState().configText,
    extensions: [
      lineNumbers(),
      lintGutter(),
      history(),
      drawSelection(),
      indentOnInput(),
      indentUnit.of('  '),
      bracketMatching(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      yaml(),
      editorLook,
      // Tab is left to the browser, so that the keyboard can leave the editor.
      keymap.of([
        {
          key: 'Mod-s',
          preventDefault: true,
          run: () => {
            void store.getState().checkConfig();
            return true;
          },
        },
        ...lintKeymap,
        ...historyKeymap,
        // Ctrl+Enter starts and pauses the run everywhere in the app.
        ...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter'),
      ]),
      EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        if (update.transactions.some((transaction) => transaction.annotation(fromStore) === true))
          return;
        store.getState().typeConfig(update.state.doc.toString());
      }),
    ],
  });
}

function messageOf({ problem }: TextProblem, words: ReturnType<typeof useErrorWords>): string {
  const { what, why, action } = words(problem);
  const text = [what, why, action].filter((part) => part !== '').join(' ');
  return text === '' ? formatError(problem) : text;
}

/** A 1-based place as an offset; a place beyond the text (it was checked a moment ago) is moved into it. */
function positionOf(doc: Text, line: number, column: number): number {
  const found = doc.line(Math.min(doc.lines, Math.max(1, line)));
  return Math.min(found.to, found.from + Math.max(0, column - 1));
}

/** Marks from the place to the end of the word there, or the whole line where there is no word. */
function diagnostic(
  doc: Text,
  { problem, line, column }: TextProblem,
  message: string,
): Diagnostic {
  const at = positionOf(doc, line, column);
  const { to, from } = doc.lineAt(at);
  const word = /^[^\s:#,\]}]+/u.exec(doc.sliceString(at, to))?.[0] ?? '';
  const range = word === '' ? { from, to } : { from: at, to: at + word.length };
  return { ...range, severity: problem.severity, message };
}
