import { describe, expect, it, vi } from 'vitest';
import { FakeEngine } from '../../worker/fake-engine.ts';
import type { Commands, ConfigView, EngineClient } from '../../worker/protocol.ts';
import { CHECK_AFTER_MS } from './config-slice.ts';
import { createAppStore } from './store.ts';

/** An engine whose config answers are given by hand, in any order. */
function manual() {
  const engine = new FakeEngine();
  const open: { command: string; text: string; answer: (view: Partial<ConfigView>) => void }[] = [];
  const client: EngineClient = {
    call: (command, request) => {
      if (command !== 'checkConfig' && command !== 'editConfig')
        return engine.call(command, request);
      const { text } = request as Commands['checkConfig']['request'];
      return new Promise((resolve) => {
        const empty = {
          text,
          merged: '',
          origins: {},
          fields: [],
          problems: [],
          plannedIterations: 0,
        };
        open.push({ command, text, answer: (view) => resolve({ ...empty, ...view } as never) });
      });
    },
    on: (event, listener) => engine.on(event, listener),
    dispose: () => engine.dispose(),
  };
  return { store: createAppStore(client), open };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('the config text', () => {
  it('is checked once after a burst of typing, and kept at once', async () => {
    vi.useFakeTimers();
    try {
      const { store, open } = manual();
      store.setState({ configPhase: 'checked' });
      for (const text of ['a', 'ab', 'abc']) store.getState().typeConfig(text);
      expect(store.getState().configText).toBe('abc');
      expect(open).toHaveLength(0);
      await vi.advanceTimersByTimeAsync(CHECK_AFTER_MS + 1);
      expect(open.map(({ text }) => text)).toEqual(['abc']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('shows only the answer to its newest form', async () => {
    const { store, open } = manual();
    store.setState({ configPhase: 'checked' });
    store.getState().typeConfig('old');
    void store.getState().checkConfig();
    store.getState().typeConfig('new');
    void store.getState().checkConfig();
    open[1]?.answer({ merged: 'of the new' });
    await settle();
    open[0]?.answer({ merged: 'of the old' });
    await settle();
    expect(store.getState().config?.merged).toBe('of the new');
    expect(store.getState().configText).toBe('new');
  });

  it('keeps what was typed while a form edit was under way, and makes the edit on it', async () => {
    const { store, open } = manual();
    store.setState({ configPhase: 'checked', configText: 'lr: 1\n' });
    const edit = store.getState().editConfigField('lr', 2);
    await settle();
    store.getState().typeConfig('lr: 1\nmore: 1\n');
    open[0]?.answer({ text: 'lr: 2\n' });
    await settle();
    expect(store.getState().configText).toBe('lr: 1\nmore: 1\n');
    expect(open[1]).toMatchObject({ command: 'editConfig', text: 'lr: 1\nmore: 1\n' });
    open[1]?.answer({ text: 'lr: 2\nmore: 1\n' });
    await edit;
    expect(store.getState().configText).toBe('lr: 2\nmore: 1\n');
  });

  it('makes form edits one after the other, each on the text the last one left', async () => {
    const { store, open } = manual();
    store.setState({ configPhase: 'checked', configText: 'a: 1\nb: 1\n' });
    void store.getState().editConfigField('a', 2);
    const last = store.getState().editConfigField('b', 2);
    await settle();
    expect(open).toHaveLength(1);
    expect(store.getState().configEdits).toEqual({ a: 2, b: 2 });
    open[0]?.answer({ text: 'a: 2\nb: 1\n' });
    await settle();
    expect(open[1]?.text).toBe('a: 2\nb: 1\n');
    open[1]?.answer({ text: 'a: 2\nb: 2\n' });
    await last;
    expect(store.getState().configText).toBe('a: 2\nb: 2\n');
    expect(store.getState().configEdits).toEqual({});
  });
});
