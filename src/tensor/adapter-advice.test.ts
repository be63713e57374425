import { describe, expect, test } from 'vitest';
import { UserError } from '../base/errors.ts';
import { adviceFor, noAdapterAdvice } from './adapter-advice.ts';
import { requestGpuDevice } from './device.ts';

const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';

const AGENTS: readonly (readonly [platform: string, userAgent: string, action: RegExp])[] = [
  ['chrome-linux', `Mozilla/5.0 (X11; Linux x86_64) ${CHROME}`, /enable-unsafe-webgpu/],
  ['chrome-linux', `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${CHROME}`, /enable-vulkan/],
  ['chrome', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}`, /graphics acceleration/],
  ['chrome', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${CHROME}`, /graphics acceleration/],
  [
    'chrome',
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Edg/141.0.0.0`,
    /graphics acceleration/,
  ],
  [
    'chrome',
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
    /graphics acceleration/,
  ],
  [
    'firefox-linux',
    'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
    /Chrome or Chromium/,
  ],
  [
    'firefox',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0',
    /Update Firefox/,
  ],
  [
    'firefox',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0',
    /Update Firefox/,
  ],
  [
    'safari',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
    /26/,
  ],
  [
    'safari',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    /iOS 26/,
  ],
  ['node', 'Node.js/22', /VK_DRIVER_FILES/],
  ['other', 'Mozilla/5.0 (compatible; Something/1.0)', /current Chrome/],
  ['other', '', /current Chrome/],
];

describe('advice for a missing adapter', () => {
  test.each(AGENTS)('%s: %s', (platform, userAgent, action) => {
    const advice = adviceFor(userAgent);
    expect(advice.platform).toBe(platform);
    expect(advice.action).toMatch(action);
    expect(advice.why).not.toBe('');
  });

  test('says which of the two is missing, and carries the platform for a translation', () => {
    const noWebgpu = noAdapterAdvice('no-webgpu', 'Node.js/22').details;
    const noAdapter = noAdapterAdvice('no-adapter', 'Node.js/22').details;
    expect([noWebgpu.code, noAdapter.code]).toEqual(['no-webgpu', 'no-adapter']);
    expect(noWebgpu.what).not.toBe(noAdapter.what);
    expect(noAdapter.params).toEqual({ platform: 'node' });
  });
});

describe('requestGpuDevice without a device', () => {
  const codeOf = async (gpu: GPU | undefined): Promise<string> => {
    const error: unknown = await requestGpuDevice(gpu, 'Node.js/22').catch(
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof UserError)) throw new Error(`not a UserError: ${String(error)}`);
    return `${error.details.code}: ${error.details.why ?? ''}`;
  };

  test('no WebGPU, no adapter, and an adapter that refuses are told apart', async () => {
    const refusing = {
      limits: {},
      features: new Set(),
      requestDevice: () => Promise.reject(new Error('out of memory')),
    };
    const gpu = (adapter: unknown): GPU =>
      ({ requestAdapter: () => Promise.resolve(adapter) }) as unknown as GPU;
    expect(await codeOf(undefined)).toMatch(/^no-webgpu: /);
    expect(await codeOf(gpu(null))).toMatch(/^no-adapter: /);
    expect(await codeOf(gpu(refusing))).toBe('no-device: out of memory');
  });
});
