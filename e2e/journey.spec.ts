import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { makeSmallVoc } from './small-voc.ts';

/** The journeys of a first visit, in the built app, on the real engine and a software GPU. */
test.setTimeout(300_000);

/** Makes the open config small enough for a processor that plays a GPU, as a user would: in the form. */
async function makeSmall(page: Page, iterations: number, preset?: string): Promise<void> {
  await page.getByRole('button', { name: 'Config' }).click();
  if (preset !== undefined) {
    await page.getByRole('combobox', { name: 'Preset' }).selectOption({ label: preset });
    await expect(page.getByText('Checked, no problems')).toBeVisible();
  }
  const form = page.getByRole('region', { name: 'Form' });
  const set = async (label: string, value: string, nth = 0): Promise<void> => {
    const field = form.getByLabel(label).nth(nth);
    await field.fill(value);
    await field.press('Tab');
  };
  await set('Image size', '64');
  await set('Height', '64');
  await set('Batch size', '2');
  await set('Length', String(iterations));
  await set('Warm-up', '5');
  await set('Drop rate at', String(iterations - 4));
  await expect(page.getByText(`${iterations} iterations of 2 images`)).toBeVisible();
  await expect(page.getByText('Checked, no problems')).toBeVisible();
}

function runBar(page: Page): Locator {
  return page.getByRole('region', { name: 'Run', exact: true });
}

/** The iteration that the run bar shows. */
async function iteration(page: Page): Promise<number> {
  const text = (await runBar(page).textContent()) ?? '';
  return Number(/step ([\d,]+)/.exec(text)?.[1]?.replace(',', '') ?? 0);
}

/** The rows of the table of detections, with the lowest score that can be chosen. */
async function detections(page: Page): Promise<string[]> {
  // A model of a few steps is sure of nothing.
  await page.getByRole('slider').press('Home');
  const rows = page.getByRole('table', { name: 'Detections' }).getByRole('row');
  await expect(rows.nth(1)).toBeVisible({ timeout: 60_000 });
  return rows.allInnerTexts();
}

/** A detector in the journey, and what is seen of it. */
interface Journey {
  readonly preset: string;
  /** A part of the loss that its step logs. */
  readonly metric: string;
  readonly fileName: RegExp;
}

const JOURNEYS: readonly Journey[] = [
  {
    preset: 'retinanet_r18_fpn_sample',
    metric: 'loss_bbox',
    fileName: /^retinanet_r18_iter_\d+\.safetensors$/,
  },
  {
    preset: 'faster_rcnn_r18_fpn_sample',
    metric: 'loss_rpn_bbox',
    fileName: /^faster_rcnn_r18_iter_\d+\.safetensors$/,
  },
];

for (const journey of JOURNEYS) {
  test(`the sample, ${journey.preset}: train, pause, resume, save the weights, load them back`, async ({
    page,
    appUrl,
  }) => {
    await trainAndTakeHome(page, appUrl, journey);
  });
}

async function trainAndTakeHome(
  page: Page,
  appUrl: string,
  { preset, metric, fileName }: Journey,
): Promise<void> {
  await page.goto(appUrl);
  await page.getByRole('button', { name: 'Open the sample' }).click();
  await expect(page.getByText('512 images')).toBeVisible({ timeout: 30_000 });
  await makeSmall(page, 60, preset);

  await page.getByRole('button', { name: 'Train', exact: true }).last().click();
  await page.keyboard.press('Escape');
  await page.getByRole('navigation').getByRole('button', { name: 'Train' }).click();
  await expect.poll(() => iteration(page), { timeout: 120_000 }).toBeGreaterThanOrEqual(12);
  // Curves have points once ten steps were read.
  await expect(page.getByText(/\d+ of \d+ points/).first()).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(metric, { exact: true }).first()).toBeVisible();

  await page.getByRole('button', { name: 'Pause', exact: true }).last().click();
  await expect(page.getByText('Paused').first()).toBeVisible({ timeout: 30_000 });
  const standing = await iteration(page);
  await page.waitForTimeout(1500);
  expect(await iteration(page)).toBe(standing);

  await page.getByRole('button', { name: 'Resume', exact: true }).last().click();
  // Far enough that RetinaNet, which begins by doubting everything, is a little sure of something.
  await expect.poll(() => iteration(page), { timeout: 120_000 }).toBeGreaterThan(standing + 25);
  await page.getByRole('button', { name: 'Stop', exact: true }).last().click();
  await expect(page.getByText('Stopped').first()).toBeVisible({ timeout: 30_000 });

  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save weights' }).first().click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(fileName);
  const file = await download.path();

  await page.getByRole('navigation').getByRole('button', { name: 'Evaluate' }).click();
  await page.getByRole('button', { name: 'Take an image of the dataset' }).click();
  const before = await detections(page);

  await dropFile(page, 'weights.safetensors', await readFile(file));
  await expect(page.getByText(/weights\.safetensors, step \d+/)).toBeVisible({ timeout: 60_000 });
  const after = await detections(page);
  expect(after).toEqual(before);
  expect(after.length).toBeGreaterThan(1);
}

test('a dropped folder: its problems are shown, the good part trains', async ({ page, appUrl }) => {
  const { folder, zip } = await makeSmallVoc();
  await page.goto(appUrl);
  const choosing = page.waitForEvent('filechooser');
  await page.evaluate(() => Reflect.deleteProperty(window, 'showDirectoryPicker'));
  await page.getByRole('button', { name: 'Choose folder' }).click();
  await (await choosing).setFiles(folder);
  await expect(page.getByText('12 images')).toBeVisible({ timeout: 30_000 });
  await page.getByRole('tab', { name: 'Problems' }).click();
  await expect(page.getByText(/broken\.xml/)).toBeVisible();

  // The same data as a dropped archive, without the broken file.
  await dropFile(page, 'small.zip', Buffer.from(zip));
  await expect(page.getByText('12 images')).toBeVisible({ timeout: 30_000 });

  await makeSmall(page, 20);
  await page.getByRole('button', { name: 'Train', exact: true }).last().click();
  await expect.poll(() => iteration(page), { timeout: 120_000 }).toBe(20);
  await expect(page.getByText('Finished').first()).toBeVisible({ timeout: 30_000 });
  await page.getByRole('navigation').getByRole('button', { name: 'Train' }).click();
  await expect(page.getByText(/\d+ of \d+ points/).first()).toBeVisible();
  await expect(
    page.getByRole('region', { name: 'Predictions' }).getByRole('img').first(),
  ).toBeVisible();
});

/** Drops a file on the window, as the browser does. */
async function dropFile(page: Page, name: string, content: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ name: fileName, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], fileName));
      return data;
    },
    { name, base64: content.toString('base64') },
  );
  for (const event of ['dragenter', 'dragover', 'drop']) {
    await page.dispatchEvent('body', event, { dataTransfer: transfer });
  }
}
