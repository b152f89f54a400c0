import { defineConfig } from 'vite'

// The server holds dist/ in its own binary: hashed names, no inlined data (the CSP would refuse
// fonts from data: URLs), no polyfill script.
export default defineConfig({
  base: '/',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    target: 'es2022',
    manifest: true,
    assetsInlineLimit: 0,
    // One sheet: a sheet of a part that fails to come is never asked for again by what Vite puts before an import.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': 'http://127.0.0.1:8444',
      '/t': 'http://127.0.0.1:8444',
      '/ws': { target: 'ws://127.0.0.1:8444', ws: true },
    },
  },
})
