import type { Plugin } from 'vite';

/**
 * What the built page may do. It proves to the user's browser, not only to the user, that nothing is sent anywhere:
 * `connect-src 'self'`. Written into the page, since a static host cannot be relied on to send headers.
 */
export const POLICY: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'script-src': "'self'",
  'worker-src': "'self'",
  // ECharts' tooltips and CodeMirror set inline styles.
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' blob: data:",
  'font-src': "'self'",
  'connect-src': "'self'",
  'manifest-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'object-src': "'none'",
};

/** Puts the policy at the top of every built page. The development server needs inline scripts, so it has none. */
export function contentSecurityPolicy(): Plugin {
  return {
    name: 'anchorage:content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        injectTo: 'head-prepend',
        attrs: {
          'http-equiv': 'Content-Security-Policy',
          content: Object.entries(POLICY)
            .map(([directive, sources]) => `${directive} ${sources}`)
            .join('; '),
        },
      },
    ],
  };
}
