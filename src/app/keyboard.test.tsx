import { fireEvent, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { renderApp, setUpTestWindow } from './testing/render-app.tsx';

setUpTestWindow();

async function openSample() {
  const app = renderApp();
  await app.services.store.getState().openDataset({ kind: 'sample', seed: 0 });
  await screen.findByRole('list', { name: 'Images' }, { timeout: 5000 });
  return app;
}

describe('keyboard', () => {
  it('g and a letter go to a place; the heading, the rail and the address agree; Back returns', async () => {
    const { user, services } = renderApp();
    await user.keyboard('gt');
    expect(screen.getByRole('heading', { level: 1, name: 'Train' })).toBeTruthy();
    expect(screen.getByRole('button', { current: 'page' }).textContent).toBe('Train');
    expect(location.hash).toBe('#/train');
    await user.keyboard('ge');
    expect(location.hash).toBe('#/evaluate');
    history.replaceState(null, '', '#/train');
    fireEvent.popState(window);
    expect(services.store.getState().place).toBe('train');
  });

  it('J and K step through what the grid shows, and stop at its ends', async () => {
    const { user, services } = await openSample();
    const label = 4;
    services.store.getState().filterByClass(label);
    const shown = services.images.list
      .filter(({ labels }) => labels.includes(label))
      .map(({ index }) => index);
    await user.keyboard('jj');
    expect(services.store.getState().imageIndex).toBe(shown[1]);
    await user.keyboard('kkk');
    expect(services.store.getState().imageIndex).toBe(shown[0]);
    for (let i = 0; i < shown.length + 2; i += 1) await user.keyboard('j');
    expect(services.store.getState().imageIndex).toBe(shown.at(-1));
  });

  it('Enter opens the selected image, Escape goes back to the grid, T hides the boxes, a digit chooses a class', async () => {
    const { user, services } = await openSample();
    await user.keyboard('j{Enter}');
    expect(await screen.findByRole('heading', { level: 2, name: 'street_0001' })).toBeTruthy();
    await user.keyboard('t');
    expect(services.store.getState().boxesShown).toBe(false);
    await user.keyboard('{Escape}');
    expect(await screen.findByRole('list', { name: 'Images' })).toBeTruthy();
    await user.keyboard('3');
    expect(services.store.getState().classFilter).toBe(2);
    await user.keyboard('3');
    expect(services.store.getState().classFilter).toBe(null);
  });

  it('? lists the shortcuts that work now; switched off, single letters do nothing and Ctrl+K still works', async () => {
    const { user, services } = renderApp();
    await user.keyboard('?');
    const dialog = await screen.findByRole('dialog', { name: 'Keyboard shortcuts' });
    expect(dialog.textContent).toContain('Go to Evaluate');
    await user.click(screen.getByRole('switch', { name: 'Single-letter shortcuts' }));
    await user.keyboard('{Escape}');
    await user.keyboard('gt');
    expect(services.store.getState().place).toBe('data');
    await user.keyboard('{Control>}k{/Control}');
    expect(await screen.findByRole('combobox', { name: 'Find a command' })).toBeTruthy();
  });

  it('the palette finds by words in any order, arrows choose, Enter runs', async () => {
    const { user, services } = renderApp();
    await user.keyboard('{Control>}k{/Control}');
    const input = await screen.findByRole('combobox', { name: 'Find a command' });
    await user.type(input, 'evaluate go');
    expect(screen.getAllByRole('option').map(({ textContent }) => textContent)).toEqual([
      'Go to EvaluateGE',
    ]);
    await user.clear(input);
    await user.type(input, 'theme');
    await user.keyboard('{Enter}');
    expect(services.store.getState()).toMatchObject({ theme: 'light', paletteOpen: false });
  });

  it('letters in text fields and while composing are not shortcuts', async () => {
    const { services, user } = await openSample();
    fireEvent.keyDown(document.body, { key: 'j', code: 'KeyJ', isComposing: true });
    fireEvent.keyDown(document.body, { key: 'Process', code: 'KeyJ', keyCode: 229 });
    expect(services.store.getState().imageIndex).toBe(null);
    const input = document.createElement('input');
    document.body.append(input);
    await user.type(input, 'jgt');
    expect(input.value).toBe('jgt');
    expect(services.store.getState()).toMatchObject({ imageIndex: null, place: 'data' });
    input.remove();
  });

  it('Ctrl+Enter trains, pauses and resumes; the run bar and the title say it', async () => {
    const { user, services, engine } = await openSample();
    await services.store.getState().loadPreset('retinanet/retinanet_r18_fpn_sample');
    await user.keyboard('{Control>}{Enter}{/Control}');
    expect(engine.calls.some(({ command }) => command === 'startRun')).toBe(true);
    expect(services.store.getState().place).toBe('train');
    engine.showRun('running', 300);
    expect(await screen.findByText('step 300 / 1,200')).toBeTruthy();
    expect(document.title).toBe('25 % · Anchorage');
    await user.keyboard('{Control>}{Enter}{/Control}');
    expect(engine.calls.at(-1)?.command).toBe('pauseRun');
    expect((await screen.findAllByText('Paused')).length).toBeGreaterThan(0);
    await user.keyboard('{Control>}{Enter}{/Control}');
    expect(engine.calls.at(-1)?.command).toBe('resumeRun');
  });
});
