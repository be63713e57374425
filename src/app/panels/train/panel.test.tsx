import { act, screen, waitFor } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { renderApp, type RenderedApp, setUpTestWindow } from '../../testing/render-app.tsx';

/** What was drawn, newest last: happy-dom has no canvas, so ECharts stops at what it is told to draw. */
const drawn: { readonly series: readonly { readonly data: readonly unknown[] }[] }[] = [];

vi.mock('../../charts/echarts.ts', () => ({
  createChart: () => ({
    setOption: (option: (typeof drawn)[number]) => drawn.push(option),
    getWidth: () => 1000,
    getHeight: () => 700,
    resize: () => undefined,
    dispose: () => undefined,
    on: () => undefined,
    getZr: () => ({ on: () => undefined }),
  }),
}));

setUpTestWindow();

const LONG = { timeout: 30_000 };

async function atTrain(script: Parameters<typeof renderApp>[0] = {}): Promise<RenderedApp> {
  const app = renderApp(script);
  const { store } = app.services;
  await waitFor(() => expect(store.getState().configPhase).toBe('checked'), LONG);
  await store.getState().openDataset({ kind: 'sample', seed: 0 });
  await waitFor(() => expect(store.getState().pinned).toHaveLength(4), LONG);
  act(() => store.getState().goTo('train'));
  return app;
}

const button = (name: string | RegExp): HTMLElement =>
  screen.getAllByRole('button', { name }).at(-1) as HTMLElement;

describe('Train', { timeout: 120_000 }, () => {
  it('without data leads to the data', async () => {
    const { services, user } = renderApp();
    act(() => services.store.getState().goTo('train'));
    await user.click(await screen.findByRole('button', { name: 'Open a dataset' }, LONG));
    expect(services.store.getState().place).toBe('data');
  });

  it('starts, shows points as they arrive, pauses, resumes and stops', async () => {
    const { engine, services, user } = await atTrain();
    await screen.findByText(/iterations on the 48 training images/u, {}, LONG);
    await user.click(document.querySelector('main button') as HTMLElement);
    await screen.findByText('Compiling 34 of 58 kernels', {}, LONG);
    expect(engine.calls.find(({ command }) => command === 'startRun')?.request).toMatchObject({
      configText: services.store.getState().configText,
    });

    act(() => engine.showRun('running', 120));
    for (const metric of ['loss', 'loss_cls', 'loss_bbox', 'lr', 'grad_norm']) {
      expect(await screen.findByRole('heading', { name: metric }, LONG)).toBeTruthy();
    }
    // Times are in the stats and the log; they have no curve.
    expect(screen.queryByRole('heading', { name: 'data_time' })).toBeNull();
    expect(services.history.find('fake-run-2')?.series.length).toBe(120);
    await waitFor(() => expect(drawn.at(-1)?.series[0]?.data).toHaveLength(120), LONG);
    expect(screen.getAllByText('120 of 120 points drawn')).toHaveLength(5);

    await user.click(button('Pause'));
    await screen.findByRole('button', { name: 'Save weights' }, LONG);
    expect(engine.calls.some(({ command }) => command === 'pauseRun')).toBe(true);
    expect(button('Save weights')).toHaveProperty('disabled', false);

    await user.click(button('Resume'));
    await waitFor(() => expect(services.store.getState().run?.phase).toBe('running'), LONG);
    expect(button('Save weights')).toHaveProperty('disabled', true);

    await user.click(button('Stop'));
    await screen.findByRole('button', { name: 'Train again' }, LONG);
    expect(services.store.getState().run?.phase).toBe('stopped');
  });

  it('keeps the curves of the run before beside the new one', async () => {
    const { engine, services, user } = await atTrain();
    await act(() => services.store.getState().startRun());
    act(() => engine.showRun('stopped', 60));
    await user.click(await screen.findByRole('button', { name: 'Train again' }, LONG));
    act(() => engine.showRun('running', 30));
    const choice = await screen.findByRole('combobox', { name: 'Run that is shown' }, LONG);
    expect(choice.querySelectorAll('option')).toHaveLength(2);
    expect(services.history.runs.map(({ series }) => series.length)).toEqual([60, 30]);
    await user.selectOptions(choice, 'fake-run-2');
    expect(services.store.getState().chosenRun).toBe('fake-run-2');
  });

  it('a failed run says what, where, why and what to do, and where its numbers broke', async () => {
    const { engine } = await atTrain();
    act(() => {
      engine.showRun('running', 40);
      engine.emit('metrics', {
        runId: 'fake-run-1',
        keys: ['loss', 'loss_cls', 'loss_bbox'],
        iters: Int32Array.of(41),
        values: Float64Array.of(NaN, 0.4, NaN),
      });
      engine.showRun('failed', 40, {
        error: {
          code: 'loss-not-finite',
          what: 'The loss is not finite at iteration 41.',
          why: 'The learning rate is too high.',
          action: 'Lower the learning rate.',
          place: { key: 'optim_wrapper.optimizer.lr' },
          params: { iter: 41, files: 'street_0003.jpg' },
        },
      });
    });
    await screen.findByText('The loss is not finite at iteration 41.', {}, LONG);
    expect(screen.getByText('optim_wrapper.optimizer.lr')).toBeTruthy();
    expect(screen.getByText(/^Lower the learning rate.*street_0003\.jpg\.$/u)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Copy report' })).toBeTruthy();
    expect(screen.getByText(/loss_bbox is NaN from iteration 41 on/u)).toBeTruthy();
    // What was computed stays in sight.
    expect(await screen.findByRole('heading', { name: 'grad_norm' }, LONG)).toBeTruthy();
  });

  it('a refused start is told, and can be dismissed', async () => {
    const { services, user } = await atTrain({
      failing: { startRun: { code: 'gpu-busy', what: 'Another run is under way.' } },
    });
    await act(() => services.store.getState().startRun());
    await screen.findByText('Another run is under way.', {}, LONG);
    expect(services.store.getState().run).toBeNull();
    act(() => services.store.getState().dismissRunError());
    expect(screen.queryByText('Another run is under way.')).toBeNull();
    await user.keyboard('{Escape}');
  });

  it('a config with errors does not start, and the way there is offered', async () => {
    const { engine, services, user } = await atTrain();
    await act(() => services.store.getState().openConfigText('model:\n\tx: 1\n', 'mine.yaml'));
    await act(() => services.store.getState().startRun());
    expect(engine.calls.some(({ command }) => command === 'startRun')).toBe(false);
    expect(services.store.getState().runError?.code).toBe('run-config-errors');
    await user.click(await screen.findByRole('button', { name: 'Open Config' }, LONG));
    expect(services.store.getState().place).toBe('config');
  });

  it('goes back through the stored predictions and forward to the newest', async () => {
    const { engine, services, user } = await atTrain();
    act(() => engine.showRun('running', 60));
    const slider = await screen.findByRole(
      'slider',
      { name: 'Iteration of the predictions' },
      LONG,
    );
    expect(slider.getAttribute('aria-valuetext')).toBe('iter 60');
    await user.keyboard('[[');
    expect(services.store.getState().previewIter).toBe(40);
    expect(screen.getAllByText('iter 40').length).toBeGreaterThan(1);
    // New predictions do not pull the view away from what is looked at.
    act(() => engine.showRun('running', 80));
    expect(services.store.getState().previewIter).toBe(40);
    await user.click(screen.getByRole('button', { name: 'To the newest' }));
    expect(services.store.getState().previewIter).toBeNull();
  });

  it('pins other images through the engine, four at most', async () => {
    const { engine, services, user } = await atTrain();
    act(() => engine.showRun('paused', 20));
    await user.click(await screen.findByRole('button', { name: 'Choose images' }, LONG));
    const first = await screen.findByRole('button', { name: /street_0049/u, pressed: true }, LONG);
    const other = screen.getByRole('button', { name: /street_0055/u, pressed: false });
    expect(other).toHaveProperty('disabled', true);
    await user.click(first);
    await waitFor(() => expect(services.store.getState().pinned).toHaveLength(3), LONG);
    await user.click(other);
    await waitFor(() => expect(services.store.getState().pinned).toContain(54), LONG);
    expect(engine.calls.filter(({ command }) => command === 'setPinned').at(-1)?.request).toEqual({
      indices: [49, 50, 51, 54],
    });
  });

  it('copies the lines that the filter leaves', async () => {
    const { engine, user } = await atTrain();
    act(() => {
      engine.showRun('running', 40);
      engine.emit('log', { level: 'warning', line: 'street_0003.jpg is truncated' });
    });
    const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    await user.type(
      await screen.findByRole('searchbox', { name: 'Search the log' }, LONG),
      'TRUNC',
    );
    expect(screen.getByText('1 of 3 lines')).toBeTruthy();
    await user.click(button('Copy'));
    expect(write).toHaveBeenCalledWith('street_0003.jpg is truncated');
  });
});
