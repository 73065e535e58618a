import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// The app runs under a CSP without inline code or data URIs, below any path of a proxy, and brings all it needs.
export default defineConfig({
  base: './',
  publicDir: false,
  plugins: [svelte({ preprocess: vitePreprocess() })],
  build: {
    outDir: 'dist/app',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
});
