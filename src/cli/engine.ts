import { UserError } from '../base/errors.ts';
import type { EventSink } from '../worker/event-sink.ts';
import type { EngineSession } from '../worker/session.ts';
import type { Terminal } from './command.ts';
import { sinkOf } from './event-listeners.ts';
import { restartWithVulkanDriver } from './vulkan-icd.node.ts';

/**
 * An engine on Dawn. The driver comes first, then the GPU's globals, and only then TensorFlow.js, which looks for them
 * while it loads: hence the imports inside.
 */
export async function startEngine({ cwd, say }: Terminal, emit: EventSink): Promise<EngineSession> {
  await restartWithVulkanDriver(say);
  const { installNodeGpu } = await import('./node-gpu.node.ts');
  const gpu = installNodeGpu();
  const [{ EngineSession: Session }, { nodeEnvironment }] = await Promise.all([
    import('../worker/session.ts'),
    import('../worker/environment.node.ts'),
  ]);
  return new Session(nodeEnvironment({ gpu, cwd }), emit);
}

/**
 * Runs `work` on an engine and disposes of it. A device error ends the command at once: nothing computed afterwards can
 * be trusted, and what waits for the device may wait for ever.
 */
export async function withEngine<T>(
  terminal: Terminal,
  work: (session: EngineSession) => Promise<T>,
): Promise<T> {
  let fail = (_error: UserError): void => undefined;
  const failure = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const session = await startEngine(
    terminal,
    sinkOf({
      device: ({ error }) => {
        fail(new UserError(error));
      },
    }),
  );
  const result = await Promise.race([work(session), failure]);
  await session.dispose();
  return result;
}

/** Starts the GPU and says which adapter computes. Throws the UserError that says why there is none. */
export async function requireGpu(session: EngineSession, { say }: Terminal): Promise<void> {
  const gpu = await session.gpu();
  gpu.require();
  const { adapter, isFallback, selfTest } = gpu.report;
  say(
    `adapter: ${adapter}${isFallback ? ' (software: slow)' : ''}, self-test: ${selfTest.passed} passed, ${selfTest.failed} failed`,
  );
}
