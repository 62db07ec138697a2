import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';

/** Bytes, gzipped: what a page pays that only asks. */
const MOST = 30_000;

test('the client is small, runs in a browser, and has nothing of the server, nor of graphql, in it', async () => {
  const bundle = await rolldown({
    input: fileURLToPath(new URL('../../src/client/holdpoint.ts', import.meta.url)),
    platform: 'browser',
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  expect(output).toHaveLength(1);
  const [{ code, moduleIds, imports }] = output;
  expect(imports).toEqual([]);
  const size = gzipSync(code).length;
  console.log(`the client: ${size} bytes gzipped, ${code.length} minified`);
  expect(size).toBeLessThan(MOST);
  const packages = new Set(
    moduleIds.map((id) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? 'own'),
  );
  expect([...packages].sort()).toEqual(['canonicalize', 'graphql-ws', 'jose', 'own']);
});
