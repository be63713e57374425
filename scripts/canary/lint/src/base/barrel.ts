export * from './plain.ts'; // planted: oxc(no-barrel-file)
