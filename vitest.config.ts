import { defineConfig } from 'vitest/config';

// `npm test` runs this once for each database (scripts/test.ts); alone it runs on the embedded one.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/template.ts'],
    // Each worker holds an embedded database of some 300 MB.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
