import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { renderApp, setUpTestWindow } from './testing/render-app.tsx';

setUpTestWindow();

const LONG = { timeout: 5000 };

async function atEvaluate(script: Parameters<typeof renderApp>[0] = {}) {
  const app = renderApp(script);
  await app.services.store.getState().openDataset({ kind: 'sample', seed: 0 });
  app.services.store.getState().goTo('evaluate');
  return app;
}

describe('Predict', () => {
  it('without weights says what would be here and how to get there', async () => {
    const { user, services } = await atEvaluate();
    await screen.findByText('No trained weights yet', {}, LONG);
    await user.click(screen.getByRole('button', { name: 'Go to Train' }));
    expect(services.store.getState().place).toBe('train');
  });

  it('the score slider filters what is shown without another inference', async () => {
    const { engine, services } = await atEvaluate();
    engine.showRun('paused', 900);
    services.store.getState().selectImage(3);
    const table = await screen.findByRole('table', { name: 'Detections' }, LONG);
    const scores = () =>
      within(table)
        .getAllByRole('row')
        .slice(1)
        .map((row) => Number(row.children[1]?.textContent));
    const before = scores();
    expect(before.every((score) => score >= 0.3)).toBe(true);
    expect([...before].sort((a, b) => b - a)).toEqual(before);
    fireEvent.change(screen.getByRole('slider', { name: /Score at least/u }), {
      target: { value: '0.05' },
    });
    expect(scores().length).toBeGreaterThan(before.length);
    expect(services.store.getState().prediction?.detections.length).toBe(scores().length);
    expect(engine.calls.filter(({ command }) => command === 'predict').length).toBe(1);
    expect(engine.calls.find(({ command }) => command === 'predict')?.request).toMatchObject({
      scoreThr: 0.05,
    });
  });

  it('follows the image that is selected elsewhere, and a dropped file until then', async () => {
    const { engine, services } = await atEvaluate();
    engine.showRun('paused', 900);
    const file = new File(['x'], 'street.jpg', { type: 'image/jpeg' });
    await services.store.getState().predictOn({ kind: 'file', file });
    expect(
      await screen.findByRole('img', { name: 'Predictions on street.jpg' }, LONG),
    ).toBeTruthy();
    services.store.getState().selectImage(5);
    expect(
      await screen.findByRole('img', { name: 'Predictions on street_0006' }, LONG),
    ).toBeTruthy();
    expect(
      engine.calls.filter(({ command }) => command === 'predict').map(({ request }) => request),
    ).toMatchObject([
      { image: { kind: 'blob', name: 'street.jpg' } },
      { image: { kind: 'dataset', index: 5 } },
    ]);
  });

  it('tells what of loaded weights did not fit, by name', async () => {
    const { services } = await atEvaluate();
    await services.store.getState().loadCheckpoint(new File(['x'], 'mine.safetensors'));
    await screen.findByText('mine.safetensors, step 1,200', {}, LONG);
    expect(screen.getByText(/2 tensors of the model were not in the file/u)).toBeTruthy();
    expect(screen.getByText('bbox_head.retina_cls.weight')).toBeTruthy();
    expect(screen.getByText(/1 tensor of the file is not in the model/u)).toBeTruthy();
  });

  it('a refused prediction can be tried again', async () => {
    const { engine, services, user } = await atEvaluate({
      failing: { predict: { code: 'gpu-out-of-memory', what: 'The GPU ran out of memory.' } },
    });
    engine.showRun('paused', 900);
    services.store.getState().selectImage(3);
    const alert = await screen.findByRole('alert', {}, LONG);
    await user.click(within(alert).getByRole('button', { name: 'Try again' }));
    await waitFor(() =>
      expect(engine.calls.filter(({ command }) => command === 'predict').length).toBe(2),
    );
  });
});
