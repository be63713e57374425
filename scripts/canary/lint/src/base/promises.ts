async function work(): Promise<number> {
  return Promise.resolve(1);
}

export function floating(): void {
  work(); // planted: typescript(no-floating-promises)
}

export function misused(): boolean {
  if (work()) return true; // planted: typescript(no-misused-promises)
  return false;
}

export async function awaited(): Promise<number> {
  return await 1; // planted: typescript(await-thenable), unicorn(no-unnecessary-await)
}
