import type { ConsoleMessage, Page, Request, WebSocket, Worker } from '@playwright/test';

/**
 * Watches a page for what must never happen: an error on the console (of the page or of its workers), an uncaught
 * error, a rejected promise, a request or a socket to another origin.
 *
 * @param origins the only origins the page may talk to
 * @returns a list that grows while the page lives; one line per fault
 */
export function watchPage(page: Page, origins: readonly string[]): readonly string[] {
  const faults: string[] = [];
  const onConsole = (message: ConsoleMessage): void => {
    if (message.type() === 'error') faults.push(`console error: ${message.text()}`);
  };
  const checkOrigin = (url: string): void => {
    const { origin: target, protocol } = new URL(url);
    if (origins.includes(target) || protocol === 'blob:' || protocol === 'data:') return;
    faults.push(`request to another origin: ${url}`);
  };
  page.on('console', onConsole);
  page.on('worker', (worker: Worker) => {
    worker.on('console', (message) => {
      if (message.type() === 'error') faults.push(`console error in a worker: ${message.text()}`);
    });
  });
  page.on('pageerror', (error: Error) => faults.push(`uncaught: ${error.message}`));
  page.on('crash', () => faults.push('the page crashed'));
  page.on('request', (request: Request) => {
    checkOrigin(request.url());
  });
  page.on('websocket', (socket: WebSocket) => {
    faults.push(`socket to ${socket.url()}`);
  });
  return faults;
}
