import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { builtApp } from './support/built.ts';

/** Kilobytes of script, gzipped: what is fetched before the inbox is shown. */
const MOST = 200;

interface Chunk {
  file: string;
  imports?: string[];
}

test(`the inbox is shown after less than ${MOST} kB of script`, async () => {
  const folder = await builtApp();
  const manifest = JSON.parse(await readFile(join(folder, '.vite/manifest.json'), 'utf8')) as Record<
    string,
    Chunk
  >;
  const files = new Set<string>();
  const add = (name: string) => {
    const { file, imports = [] } = manifest[name]!;
    if (files.has(file)) return;
    files.add(file);
    imports.forEach(add);
  };
  add('index.html');
  add('pages/inbox/page.tsx');
  const sizes = await Promise.all(
    [...files].map(async (file) => gzipSync(await readFile(join(folder, file))).length),
  );
  const kilobytes = sizes.reduce((sum, size) => sum + size, 0) / 1000;
  expect(kilobytes).toBeGreaterThan(50);
  expect(kilobytes).toBeLessThan(MOST);
}, 120_000);

test('nothing of the app asks another origin, and no script stands in its page', async () => {
  const folder = await builtApp();
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|style=|\son\w+=/);
  expect(page).not.toMatch(/(?:src|href)="(?!\/assets\/)/);
});
