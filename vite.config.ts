import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { chunkLists } from './scripts/vite-chunk-list.ts';
import { contentSecurityPolicy } from './scripts/vite-content-security-policy.ts';
import { withoutUnusedTfjs } from './scripts/vite-unused-tfjs.ts';

const chunks = chunkLists();

export default defineConfig(({ mode }) => ({
  // Relative, so that any static host serves the build from any path.
  base: './',
  plugins: [react(), contentSecurityPolicy(), chunks.page],
  worker: { format: 'es', plugins: () => [chunks.worker, withoutUnusedTfjs()] },
  build: {
    target: 'es2022',
    manifest: true,
    // tfjs is one large chunk by nature; scripts/check-size.ts holds the real budget.
    chunkSizeWarningLimit: 4000,
    // Small files stay files: a `data:` URL would need a wider content security policy.
    assetsInlineLimit: 0,
    ...(mode === 'gallery'
      ? { outDir: 'dist-gallery', rollupOptions: { input: 'gallery.html' } }
      : {}),
  },
}));
