import { fileURLToPath } from 'node:url';
import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const client = fileURLToPath(new URL('./src/site/client.ts', import.meta.url));

/** What a page on a static host may do: read its own files, and nothing else. */
const policy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

// The app runs under a CSP without inline code or data URIs, below any path of a proxy, and brings all it needs. With
// `--mode site` it has no server: a worker of its own answers.
export default defineConfig(({ mode }) => ({
  base: './',
  publicDir: false,
  plugins: [
    svelte({ preprocess: vitePreprocess() }),
    {
      name: 'content-security-policy',
      apply: 'build',
      transformIndexHtml: () =>
        mode === 'site'
          ? [{ tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: policy } }]
          : [],
    },
  ],
  resolve: { alias: mode === 'site' ? [{ find: /^.*\/lib\/api\.ts$/, replacement: client }] : [] },
  worker: { format: 'es' },
  build: {
    outDir: mode === 'site' ? 'dist/site' : 'dist/app',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
}));
