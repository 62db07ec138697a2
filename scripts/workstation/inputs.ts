import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';

/** All that the build of the workstation depends on. */
const INPUTS = [
  'src/workstation/**/*',
  'vite.config.ts',
  // Completes a team's configuration as it is written.
  'docs/supervision.schema.json',
  'schema.graphql',
  'codegen.ts',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
];

/** Of names and contents, whenever they were written: a checkout gives every file the time of the checkout. */
export function hashOfInputs(root: string): string {
  const hash = createHash('sha256');
  const files = globSync(INPUTS, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .sort();
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`${file.slice(root.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
