export const folder = process.cwd(); // planted: TS2591
export const title: string = document.title;
