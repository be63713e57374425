export const title = document.title; // planted: TS2584
export const width = window.innerWidth; // planted: TS2304
export const folder = process.cwd(); // planted: TS2591
export const inWorker: number = self.performance.now();
