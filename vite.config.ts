import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The browser app, src/workstation/, built into dist/workstation/ (behaviour 1.1). No inline script and no inline style
// leaves this build: the server's Content-Security-Policy allows neither.
const SERVER = 'http://127.0.0.1:4000';

export default defineConfig({
  root: 'src/workstation',
  base: '/',
  plugins: [react()],
  // `npx vite`: the app from its sources, the API of a server beside it, which must take the page for one of its own.
  server: {
    proxy: Object.fromEntries(
      ['/graphql', '/session', '/sign-in/oidc', '/sign-in/callback'].map((path) => [
        path,
        { target: SERVER, ws: true, changeOrigin: true, headers: { origin: SERVER } },
      ]),
    ),
  },
  build: {
    outDir: '../../dist/workstation',
    emptyOutDir: true,
    assetsDir: 'assets',
    // A data: URL would need a source of its own in the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    // Which chunk holds what is needed first: read by the test of the app's size.
    manifest: true,
  },
});
