import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { renderApp, type RenderedApp, setUpTestWindow } from '../../testing/render-app.tsx';

setUpTestWindow();

const LONG = { timeout: 30_000 };

async function atConfig(script: Parameters<typeof renderApp>[0] = {}): Promise<RenderedApp> {
  const app = renderApp(script);
  const { store } = app.services;
  await waitFor(() => expect(store.getState().configPhase).toBe('checked'), LONG);
  await store.getState().openDataset({ kind: 'sample', seed: 0 });
  await waitFor(() => expect(store.getState().configFields[0]?.origin).toBe('data'), LONG);
  act(() => store.getState().goTo('config'));
  await screen.findByRole('form', { name: 'Form' }, LONG);
  return app;
}

describe('Config', { timeout: 120_000 }, () => {
  it('starts with a preset, checked, and says how long it would run', async () => {
    const { services } = await atConfig();
    const { config } = services.store.getState();
    expect(screen.getByText('Checked, no problems')).toBeTruthy();
    const planned = (config?.plannedIterations ?? 0).toLocaleString('en-US');
    expect(screen.getByText(new RegExp(`^${planned} iterations`, 'u'))).toBeTruthy();
    expect(screen.getByLabelText('Classes')).toHaveProperty('readOnly', true);
  });

  it('a form edit changes that one line of the text and keeps its comments', async () => {
    const { services, user } = await atConfig();
    const before = services.store.getState().configText;
    const rate = screen.getByLabelText('Learning rate');
    await user.clear(rate);
    await user.type(rate, '0.0005{Enter}');
    await waitFor(() => expect(services.store.getState().configText).not.toBe(before));
    const changed = services.store.getState().configText.split('\n');
    const was = before.split('\n');
    expect(changed).toHaveLength(was.length);
    const different = changed.filter((line, i) => line !== was[i]);
    expect(different).toEqual([expect.stringMatching(/^\s+lr: 0\.0005\s*$/u)]);
    expect(rate).toHaveProperty('value', '0.0005');
    expect(screen.getByText('Edited here.', { exact: false })).toBeTruthy();
  });

  it('a number out of range is marked and not sent', async () => {
    const { engine, user } = await atConfig();
    const flip = screen.getByLabelText('Flip probability');
    await user.clear(flip);
    await user.type(flip, '7{Enter}');
    expect(flip.getAttribute('aria-invalid')).toBe('true');
    expect(engine.calls.some(({ command }) => command === 'editConfig')).toBe(false);
  });

  it('an error in the text shows its line, stops Train, and never takes the text away', async () => {
    const { services } = await atConfig();
    const { store } = services;
    const broken = `${store.getState().configText}\ntrain_dataloader:\n\tbatch_size: 4\n`;
    const line = broken.split('\n').findIndex((one) => one.startsWith('\t')) + 1;
    act(() => store.getState().typeConfig(broken));
    await screen.findByText(new RegExp(`line ${line}`, 'u'), {}, LONG);
    expect(store.getState().configText).toBe(broken);
    const train = screen
      .getAllByRole('button', { name: 'Train' })
      .find((one) => one.closest('main'));
    expect(train).toHaveProperty('disabled', true);
    expect(screen.getByText('Mend the errors first.')).toBeTruthy();
    // The form keeps its last values in sight, and takes no edits.
    expect(screen.getByLabelText('Learning rate')).toHaveProperty('disabled', true);
    act(() => store.getState().typeConfig(broken.replace('\t', '  ')));
    await waitFor(
      () => expect(screen.getByLabelText('Batch size')).toHaveProperty('value', '4'),
      LONG,
    );
  });

  it('an unknown key is told with the nearest one that exists', async () => {
    const { services } = await atConfig();
    const { configText, typeConfig } = services.store.getState();
    act(() => typeConfig(configText.replace(/\blr: /u, 'lrr: ')));
    await screen.findByText(/has no key lrr\./u, {}, LONG);
    expect(screen.getAllByText(/Did you mean `lr`/u).length).toBeGreaterThan(0);
  });

  it('a preset over an edited text can be undone', async () => {
    const { services, user } = await atConfig();
    const { store } = services;
    const edited = `${store.getState().configText}# mine\n`;
    act(() => store.getState().typeConfig(edited));
    await act(() => store.getState().checkConfig());
    await user.selectOptions(
      screen.getByRole('combobox', { name: 'Preset' }),
      'retinanet/retinanet_r50_fpn_1x_coco',
    );
    await waitFor(() => expect(store.getState().configName).toContain('r50'));
    await user.click(await screen.findByRole('button', { name: 'Bring it back' }, LONG));
    expect(store.getState().configText).toBe(edited);
  });

  it('says so when the engine refuses', async () => {
    const { services } = await atConfig({
      failing: { editConfig: { code: 'config-edit-value', what: 'It cannot have this value.' } },
    });
    const rate = screen.getByLabelText('Learning rate');
    fireEvent.change(rate, { target: { value: '0.5' } });
    fireEvent.keyDown(rate, { key: 'Enter' });
    await screen.findByText('It cannot have this value.', {}, LONG);
    expect(services.store.getState().configEdits).toEqual({});
  });
});
