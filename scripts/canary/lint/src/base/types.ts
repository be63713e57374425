export function anyType(value: any): string { // planted: typescript(no-explicit-any)
  return String(value);
}

export function nonNull(values: readonly string[]): string {
  return values[0]!; // planted: typescript(no-non-null-assertion)
}

export function objectCast(): { readonly a: number } {
  return { a: 1 } as { readonly a: number }; // planted: typescript(consistent-type-assertions)
}

export function unsafeCast(value: unknown): string {
  return value as string; // planted: typescript(no-unsafe-type-assertion)
}

export function angleCast(value: string): string | number {
  return <string | number>value; // planted: typescript(consistent-type-assertions)
}

export function ignored(): number {
  // @ts-ignore planted: typescript(ban-ts-comment)
  return 1;
}

type Side = 'left' | 'right';
export function missingCase(side: Side): number {
  switch (side) { // planted: typescript(switch-exhaustiveness-check)
    case 'left':
      return 1;
  }
  return 0;
}

export function looseEquality(a: unknown): boolean {
  return a == 1; // planted: eslint(eqeqeq)
}

export function reassign(): number {
  var a = 1; // planted: eslint(no-var)
  a += 1;
  let b = a; // planted: eslint(prefer-const)
  return b;
}

export function printed(): void {
  console.log('x'); // planted: eslint(no-console)
}

// oxlint-disable-next-line no-var planted: unused-directive
export const nothingToDisable = 1;
