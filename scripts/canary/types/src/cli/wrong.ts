export const folder: number = process.cwd(); // planted: TS2322
