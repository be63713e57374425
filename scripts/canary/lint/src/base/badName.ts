// planted-file: unicorn(filename-case)
export const badName = 1;
