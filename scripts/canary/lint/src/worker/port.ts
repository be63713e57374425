export function send(port: MessagePort, value: unknown): unknown[] {
  port.postMessage(value);
  return [Math.random(), value as string]; // planted: eslint(no-restricted-properties)
}
