export const folder: number = 'x'; // planted: TS2322
