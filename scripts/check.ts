// npm run check [-- --all] [-- --except <section> …]: everything that must hold before a change is merged, the quick parts
// first. Stops at the first section that fails, with --all at the end.
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Sections by name: what each runs, and what to do about it. */
const sections = {
  format: { command: 'biome format .', remedy: 'npm run format' },
  lint: { command: 'oxlint --type-aware --deny-warnings' },
  schema: { command: 'node scripts/print-schema.ts --check', remedy: 'npm run schema' },
  // Before the types: the documents of scripts, benches and tests are typed by what this generates.
  codegen: { command: 'graphql-codegen --config codegen.ts --silent' },
  types: { command: 'tsc && tsc -p src/workstation && tsc -p test/workstation' },
  'dead code': { command: 'knip' },
  tests: { command: 'node scripts/test.ts' },
} as const satisfies Record<string, { command: string; remedy?: string }>;

const root = fileURLToPath(new URL('..', import.meta.url));
const PATH = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);

const { values: flags } = parseArgs({
  options: { all: { type: 'boolean' }, except: { type: 'string', multiple: true } },
});
const except = flags.except ?? [];
const unknown = except.filter((name) => !(name in sections));
if (unknown.length > 0) {
  console.error(`no such section: ${unknown.join(', ')}; there are ${Object.keys(sections).join(', ')}`);
  process.exit(2);
}

const failed: string[] = [];
for (const [name, section] of Object.entries(sections)) {
  if (except.includes(name)) {
    console.log(`\n── ${name}: left out ──`);
    continue;
  }
  console.log(`\n── ${name} ──`);
  const started = performance.now();
  const { status } = spawnSync(section.command, {
    cwd: root,
    stdio: 'inherit',
    shell: true,
    env: { ...process.env, PATH },
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (status !== 0) {
    console.error(
      `\n${name} failed after ${seconds} s${'remedy' in section ? `; mend it with: ${section.remedy}` : ''}`,
    );
    failed.push(name);
    if (!flags.all) break;
  } else console.log(`${name}: ${seconds} s`);
}
console.log(failed.length === 0 ? '\neverything holds' : `\nfailed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
