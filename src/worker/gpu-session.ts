import { errorDetails } from '../base/errors.ts';
import type { ErrorDetails } from '../base/errors.ts';
import { runSelfTest } from '../ops/self-test/self-test.ts';
import { describeDevice } from '../tensor/device-report.ts';
import { startTensors } from '../tensor/start.ts';
import type { TensorHost } from '../tensor/start.ts';
import { UserError } from '../base/errors.ts';
import type { DeviceReport } from './protocol.ts';

/** A started device with the result of its self-test, or the reason why there is none. */
export interface GpuSession {
  readonly report: DeviceReport;
  /** Throws the UserError that says why nothing can be computed here. */
  require(): TensorHost;
  dispose(): void;
}

/**
 * Starts the GPU and runs the known-answer self-test. Never rejects: without an adapter, or with one that gives wrong
 * numbers, the session says so and refuses to compute, and the rest of the app goes on.
 */
export async function startGpuSession(
  gpu: GPU | undefined,
  userAgent: string,
  onError: (error: ErrorDetails) => void,
): Promise<GpuSession> {
  let host: TensorHost;
  try {
    host = await startTensors(gpu, userAgent, onError);
  } catch (thrown) {
    return withoutGpu(errorDetails(thrown));
  }
  const selfTest = await runSelfTest();
  const device = describeDevice(host.gpu);
  const problem: ErrorDetails | undefined =
    selfTest.failed === 0
      ? undefined
      : {
          code: 'self-test-failed',
          what: 'This adapter computes wrong numbers.',
          why: selfTest.cases
            .filter(({ ok }) => !ok)
            .map(({ name, detail }) => `${name}: ${detail}`)
            .join('; '),
          action:
            'Update the graphics driver or the browser, or choose another adapter. Training here would learn nothing.',
        };
  return {
    report: {
      ...device,
      available: problem === undefined,
      selfTest,
      ...(problem === undefined ? {} : { problem }),
    },
    require() {
      if (problem !== undefined) throw new UserError(problem);
      return host;
    },
    dispose() {
      host.dispose();
    },
  };
}

function withoutGpu(problem: ErrorDetails): GpuSession {
  return {
    report: {
      available: false,
      adapter: '',
      vendor: '',
      architecture: '',
      isFallback: false,
      features: [],
      limits: {},
      selfTest: { passed: 0, failed: 0, cases: [] },
      problem,
    },
    require() {
      throw new UserError(problem);
    },
    dispose() {},
  };
}
