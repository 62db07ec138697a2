import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const SCRIPT = `export const text = '${'the same again and again '.repeat(200)}';\n`;

/** A folder as the build leaves one, small enough to read. */
export function builtWorkstation(more: Record<string, string | Buffer> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'holdpoint-workstation-'));
  const files = {
    'index.html':
      '<!doctype html>\n<meta name="csp-nonce" content="" />\n<script type="module" src="/assets/main-1a2b.js"></script>\n',
    'assets/main-1a2b.js': SCRIPT,
    'assets/icon-3c4d.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'assets/sound-5e6f.mp3': Buffer.from([1, 2, 3]),
    'robots.txt': 'User-agent: *\n',
    '.inputs': 'a hash',
    '.vite/manifest.json': '{}',
    ...more,
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  return { directory, remove: () => rmSync(directory, { recursive: true }) };
}
