import { UserError } from '../base/errors.ts';

type Reason = 'no-webgpu' | 'no-adapter';

/**
 * The error for a missing WebGPU adapter, with what to do on this browser and system. Chrome on Linux gives an adapter
 * by default only on newer Intel GPUs; Firefox has no WebGPU on Linux; Safari has it since 26 (browser-compat-data).
 */
export function noAdapterAdvice(reason: Reason, userAgent: string): UserError {
  const advice = adviceFor(userAgent);
  return new UserError({
    code: reason,
    what:
      reason === 'no-webgpu' ? 'This browser has no WebGPU.' : 'WebGPU found no graphics adapter.',
    why: advice.why,
    action: advice.action,
    params: { platform: advice.platform },
  });
}

interface Advice {
  /** Stable id of the case; the interface has a translated text for each. */
  readonly platform:
    | 'chrome-linux'
    | 'chrome'
    | 'firefox-linux'
    | 'firefox'
    | 'safari'
    | 'node'
    | 'other';
  readonly why: string;
  readonly action: string;
}

/** Picks the advice by user agent; exported for the table test. */
export function adviceFor(userAgent: string): Advice {
  const linux = /Linux|X11/.test(userAgent) && !/Android/.test(userAgent);
  if (/^node/i.test(userAgent)) {
    return {
      platform: 'node',
      why: 'Node found no Vulkan driver.',
      action:
        'Install a GPU driver, or Chromium (its SwiftShader is used on machines without a GPU), or set VK_DRIVER_FILES to an ICD file.',
    };
  }
  if (/Firefox\//.test(userAgent)) {
    return linux
      ? {
          platform: 'firefox-linux',
          why: 'Firefox has no WebGPU on Linux yet.',
          action: 'Open this page in Chrome or Chromium.',
        }
      : {
          platform: 'firefox',
          why: 'Firefox has WebGPU on Windows since 141 and on Apple silicon since 145.',
          action: 'Update Firefox, or open this page in Chrome or Edge.',
        };
  }
  if (/Chrome\/|Chromium\//.test(userAgent)) {
    return linux
      ? {
          platform: 'chrome-linux',
          why: 'Chrome on Linux switches WebGPU on by default only for newer Intel GPUs.',
          action:
            'Open chrome://flags, enable #enable-unsafe-webgpu and #enable-vulkan (and #ignore-gpu-blocklist if it still fails), and restart; or start Chrome with --enable-unsafe-webgpu --enable-features=Vulkan.',
        }
      : {
          platform: 'chrome',
          why: 'Hardware acceleration is off, or the GPU is blocked.',
          action:
            'Switch on "Use graphics acceleration when available" in chrome://settings/system and see chrome://gpu.',
        };
  }
  if (/Safari\//.test(userAgent)) {
    return {
      platform: 'safari',
      why: 'Safari has WebGPU since version 26.',
      action: 'Update the system to macOS or iOS 26, or open this page in Chrome.',
    };
  }
  return {
    platform: 'other',
    why: 'The browser is not one that is known to have WebGPU.',
    action: 'Open this page in a current Chrome, Edge, Safari 26 or Firefox.',
  };
}
