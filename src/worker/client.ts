import { connectPort, type PortClient } from './port.ts';

/** The engine in its own Worker. A Worker that cannot start or dies answers every call with an error that says so. */
export function createWorkerClient(): PortClient {
  const worker = new Worker(new URL('./engine.worker.ts', import.meta.url), {
    type: 'module',
    name: 'engine',
  });
  const client = connectPort(worker, () => worker.terminate());
  worker.addEventListener('error', (event) => {
    // Without a message the script itself could not be loaded.
    client.fail(
      event.message
        ? {
            code: 'engine-crashed',
            what: 'The engine stopped.',
            why: event.message,
            action: 'Reload the page.',
          }
        : {
            code: 'engine-unreachable',
            what: 'The engine could not be loaded.',
            why: 'Its script was not found or was blocked.',
            action: 'Reload the page; if you are offline, reconnect first.',
          },
    );
  });
  worker.addEventListener('messageerror', () => {
    client.fail({
      code: 'engine-message-lost',
      what: 'A message from the engine could not be read.',
      action: 'Reload the page.',
    });
  });
  return client;
}
