import { defineConfig } from 'vite';

// The server sends these files from /assets; one folder a page keeps room for more pages.
export default defineConfig({
  appType: 'mpa',
  build: {
    // A policy of "self only" forbids data: addresses for what can be a file.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4096,
    rolldownOptions: { input: 'graphiql/index.html' },
  },
});
