import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// `npm test` runs this once for each database (scripts/test.ts); alone it runs on the embedded one.
export default defineConfig({
  // The packages load graphql's CommonJS half, as Node does; the test runner would give our own files the other one,
  // and two copies of graphql do not know each other's errors and types.
  resolve: {
    alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql/index.js')) }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/template.ts'],
    // Each worker holds an embedded database of some 300 MB.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is waited for comes when the machine has the time for it.
    expect: { poll: { timeout: 20_000 } },
  },
});
