import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { fakeDataset } from '../worker/fake-dataset.ts';
import { FAKE_DEVICES } from '../worker/fake-device.ts';
import { renderApp, setUpTestWindow } from './testing/render-app.tsx';

setUpTestWindow();

async function openSample(script: Parameters<typeof renderApp>[0] = {}) {
  const app = renderApp(script);
  await app.user.click(await screen.findByRole('button', { name: 'Open the sample' }));
  await screen.findByRole('list', { name: 'Images' }, { timeout: 5000 });
  return app;
}

describe('from the doors to the grid', () => {
  it('shows two doors first, and no place that needs data is empty-handed', async () => {
    renderApp();
    expect(screen.getByRole('heading', { name: 'Drop your dataset folder' })).toBeTruthy();
    expect(screen.getByRole('heading', { name: 'Try the sample' })).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Train' }).getAttribute('aria-keyshortcuts')).toBe(
      'g t',
    );
  });

  it('opens the sample: images with their boxes, class counts, licence, export', async () => {
    const { services, engine } = await openSample();
    const grid = screen.getByRole('list', { name: 'Images' });
    await waitFor(() => expect(within(grid).getAllByRole('button').length).toBeGreaterThan(4));
    // 48 images of the train split, but only the rows in sight exist.
    expect(services.images.list.length).toBe(48);
    expect(within(grid).getAllByRole('button').length).toBeLessThan(48);
    expect(screen.getByText('48 images')).toBeTruthy();
    const { dataset } = services.store.getState();
    for (const { name, count } of dataset?.classes ?? []) {
      const words = `Show only images with “${name}”, ${count} box${count === 1 ? '' : 'es'}`;
      expect(screen.getByRole('button', { name: words })).toBeTruthy();
    }
    expect(screen.getByText('Artwork under the MIT licence')).toBeTruthy();
    expect(engine.calls.filter(({ command }) => command === 'getPicture').length).toBeGreaterThan(
      4,
    );
  });

  it('filters by class: only images that hold it remain, and the count says so', async () => {
    const { services, user } = await openSample();
    const label = 4;
    const name = services.store.getState().dataset?.classes[label]?.name ?? '';
    await user.click(screen.getByRole('button', { name: new RegExp(`with “${name}”`, 'u') }));
    const expected = services.images.list.filter(({ labels }) => labels.includes(label)).length;
    expect(expected).toBeGreaterThan(0);
    expect(expected).toBeLessThan(48);
    expect(screen.getByText(`${expected} of 48 images`)).toBeTruthy();
  });

  it('a failed opening says what, where, why and what to do, and keeps the doors', async () => {
    const error = {
      code: 'voc-no-labels',
      what: 'The folder holds no VOC label file.',
      why: 'No .xml was found.',
      action: 'Choose the folder above it.',
      place: { file: 'VOC2012/JPEGImages', line: 3 },
    };
    const { user } = renderApp({ failing: { openDataset: error } });
    await user.click(screen.getByRole('button', { name: 'Open the sample' }));
    const alert = await screen.findByRole('alert');
    for (const words of [error.what, error.why, error.action, 'VOC2012/JPEGImages · line 3']) {
      expect(within(alert).getByText(words)).toBeTruthy();
    }
    const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    await user.click(within(alert).getByRole('button', { name: 'Copy report' }));
    expect(write.mock.calls[0]?.[0]).toContain('voc-no-labels');
    expect(await within(alert).findByText('Copied')).toBeTruthy();
    expect(screen.getByRole('heading', { name: 'Try the sample' })).toBeTruthy();
  });

  it('an open dataset stays when opening another one fails', async () => {
    const { services } = await openSample();
    services.store
      .getState()
      .failDataset({ code: 'drop-empty', what: 'There is no file in what was dropped.' });
    expect(await screen.findByRole('alert')).toBeTruthy();
    expect(screen.getByRole('list', { name: 'Images' })).toBeTruthy();
  });

  it('the newest of two openings wins, whichever answers first', async () => {
    const { services, engine } = renderApp();
    const answers: ((summary: unknown) => void)[] = [];
    const call = engine.call.bind(engine);
    vi.spyOn(engine, 'call').mockImplementation(((command: 'openDataset', request: never) =>
      command === 'openDataset'
        ? new Promise((resolve) => answers.push(resolve as never))
        : call(command, request)) as never);
    const open = services.store.getState().openDataset;
    const first = open({ kind: 'files', name: 'first', files: [] });
    const second = open({ kind: 'files', name: 'second', files: [] });
    const summary = {
      classes: [],
      numImages: 0,
      numAnnotations: 0,
      splits: {},
      trainSplit: '',
      valSplit: '',
      problems: [],
    };
    answers[1]?.({ ...summary, id: '2', name: 'second', format: 'voc', evidence: '' });
    answers[0]?.({ ...summary, id: '1', name: 'first', format: 'voc', evidence: '' });
    await Promise.all([first, second]);
    expect(services.store.getState().dataset?.name).toBe('second');
  });
});

describe('problems', () => {
  it('are grouped by code, errors first; a click opens the image, also of another split', async () => {
    const problems = fakeDataset({ images: 1 }).problems.concat({
      code: 'voc-box-outside',
      severity: 'warning',
      file: 'Annotations/street_0059.xml',
      detail: 'out',
      repair: 'clipped',
    });
    const { services, user } = await openSample({
      openDataset: () => fakeDataset({ images: 60, problems }),
    });
    await user.click(screen.getByRole('tab', { name: 'Problems 6' }));
    const codes = [...document.querySelectorAll('summary code')].map(
      ({ textContent }) => textContent,
    );
    expect(codes).toEqual([
      'image-missing',
      'voc-box-outside',
      'voc-box-zero-size',
      'image-without-labels',
    ]);
    const row = await screen.findByRole('button', {
      name: 'Open the image of Annotations/street_0059.xml',
      hidden: true,
    });
    fireEvent.click(row);
    expect(services.store.getState()).toMatchObject({ imageIndex: 58, viewerOpen: true });
    expect(await screen.findByRole('heading', { name: 'street_0059' })).toBeTruthy();
  });

  it('that turn up later are added', async () => {
    const { engine, user } = await openSample({
      openDataset: () => fakeDataset({ images: 9, problems: [] }),
    });
    await user.click(screen.getByRole('tab', { name: 'Problems' }));
    expect(screen.getByText('Nothing is wrong with this dataset')).toBeTruthy();
    engine.emit('problem', {
      code: 'image-truncated',
      severity: 'error',
      file: 'a.jpg',
      detail: 'cut',
      repair: 'grey',
    });
    expect(await screen.findByRole('tab', { name: 'Problems 1' })).toBeTruthy();
    expect(screen.getByText('image truncated')).toBeTruthy();
  });
});

describe('languages', () => {
  it('switches every word, says so to the document, and is kept for the next visit', async () => {
    const { user } = await openSample();
    await user.click(screen.getByRole('button', { name: '切换到中文' }));
    expect(screen.getByRole('tab', { name: '数据集' })).toBeTruthy();
    expect(document.documentElement.lang).toBe('zh-Hans');
    expect(document.body.textContent).not.toContain('Classes');
    expect(localStorage.getItem('anchorage.settings')).toContain('zh-Hans');
  });

  it('advice for a missing GPU is in the user’s language, with the browser’s own names kept', async () => {
    localStorage.setItem('anchorage.settings', JSON.stringify({ language: 'zh-Hans' }));
    const { user } = renderApp({ device: FAKE_DEVICES.none });
    await user.click(await screen.findByRole('button', { name: '图形设备：没有 GPU' }));
    expect(await screen.findByText(/chrome:\/\/flags.*#enable-unsafe-webgpu.*重启/u)).toBeTruthy();
    expect(screen.getByText('训练需要 GPU', { selector: 'span' })).toBeTruthy();
  });

  it('settings of a foreign shape are left aside', () => {
    localStorage.setItem('anchorage.settings', '{"language":"tlh","theme":7}');
    const { services } = renderApp();
    expect(services.store.getState()).toMatchObject({
      language: 'en',
      theme: 'system',
      singleKeys: true,
    });
  });
});

describe('the device', () => {
  it.each([
    ['gpu', 'Graphics device: Apple M2'],
    ['software', 'Graphics device: Software GPU'],
    ['wrong', 'Graphics device: Self-test failed'],
    ['none', 'Graphics device: No GPU'],
  ] as const)('%s', async (kind, name) => {
    renderApp({ device: FAKE_DEVICES[kind] });
    expect(await screen.findByRole('button', { name })).toBeTruthy();
  });

  it('an engine that does not start can be tried again', async () => {
    const { user, engine } = renderApp({
      failing: { hello: { code: 'engine-unreachable', what: 'The engine could not be loaded.' } },
    });
    await user.click(
      await screen.findByRole('button', { name: 'Graphics device: Engine stopped' }),
    );
    await user.click(await screen.findByRole('button', { name: 'Try again' }));
    expect(engine.calls.filter(({ command }) => command === 'hello').length).toBe(2);
  });
});
