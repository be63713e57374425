import type { ThemeChoice } from '../store/settings-slice.ts';

const systemDark = (): MediaQueryList => matchMedia('(prefers-color-scheme: dark)');

/** Puts the theme on <html>: what was chosen, or what the system says. */
export function applyTheme(choice: ThemeChoice): void {
  const theme = choice === 'system' ? (systemDark().matches ? 'dark' : 'light') : choice;
  document.documentElement.dataset['theme'] = theme;
}

/** Calls back when the system changes between light and dark. Returns the function that stops it. */
export function watchSystemTheme(listener: () => void): () => void {
  const query = systemDark();
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
}
