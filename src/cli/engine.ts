import type { EventSink } from '../worker/event-sink.ts';
import type { EngineSession } from '../worker/session.ts';
import type { Terminal } from './command.ts';
import { installNodeGpu } from './node-gpu.node.ts';
import { restartWithVulkanDriver } from './vulkan-icd.node.ts';

/**
 * An engine on Dawn. The driver comes first, then the GPU's globals, and only then TensorFlow.js, which looks for them
 * while it loads: hence the imports inside.
 */
export async function startEngine({ cwd, say }: Terminal, emit: EventSink): Promise<EngineSession> {
  await restartWithVulkanDriver(say);
  const gpu = installNodeGpu();
  const [{ EngineSession: Session }, { nodeEnvironment }] = await Promise.all([
    import('../worker/session.ts'),
    import('../worker/environment.node.ts'),
  ]);
  return new Session(nodeEnvironment({ gpu, cwd }), emit);
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
