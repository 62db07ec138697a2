import { spawnSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crossed } from '../../lint/boundaries.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Each breaks one rule and nothing else: path, contents, the rule. */
const bad: [path: string, contents: string, rule: string][] = [
  ['src/events/a1.ts', 'export const at = Date.now();', 'house(clock)'],
  ['src/events/a2.ts', 'export const at = new Date();', 'house(clock)'],
  ['src/events/a3.ts', "export const at = Date['now']();", 'house(clock)'],
  ['src/events/a4.ts', 'export const luck = Math.random();', 'house(clock)'],
  ['src/events/b1.ts', "export const sql = 'SELECT now()';", 'house(sql-clock)'],
  [
    'src/events/b2.ts',
    'export const sql = (id: string) => `SELECT ${id} < CURRENT_TIMESTAMP`;',
    'house(sql-clock)',
  ],
  ['src/events/c1.ts', 'export const port = process.env.PORT;', 'house(environment)'],
  [
    'src/events/c2.ts',
    "import { env } from 'node:process';\nexport const port = env.PORT;",
    'house(environment)',
  ],
  ['src/events/d1.ts', 'export const log = () => console.log(1);', 'eslint(no-console)'],
  ['src/events/d2.ts', 'export const any = (x: any): unknown => x;', 'typescript(no-explicit-any)'],
  ['src/events/d3.ts', "export * from './a1.ts';", 'oxc(no-barrel-file)'],
  ['src/events/d4.ts', `${'// a line\n'.repeat(401)}export const x = 1;`, 'eslint(max-lines)'],
  ['src/events/event-utils.ts', 'export const x = 1;', 'house(names)'],
  ['src/helpers/x.ts', 'export const x = 1;', 'house(names)'],
  ['src/kernel/k.ts', "import { a } from '../events/e.ts';\nexport const x = a;", 'house(boundaries)'],
  ['src/events/e1.ts', "export const x = import('../server/http.ts');", 'house(boundaries)'],
  [
    'src/events/f1.ts',
    'const work = async () => {};\nexport const go = () => {\n  work();\n};',
    'typescript(no-floating-promises)',
  ],
  [
    'src/events/f2.ts',
    "export function f(x: 'a' | 'b'): number {\n  switch (x) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}",
    'typescript(switch-exhaustiveness-check)',
  ],
];

const good: [path: string, contents: string][] = [
  ['src/kernel/clock.ts', 'export const systemClock = { now: () => new Date(), at: () => Date.now() };'],
  ['src/config.ts', 'export const port = process.env.PORT;'],
  ['src/events/good.ts', 'export const at = (text: string): Date => new Date(text);'],
  ['test/events/good.ts', 'export const port = process.env.PORT ?? Date.now();'],
];

describe('the linter', () => {
  let folder: string;
  const found = new Map<string, string[]>();

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-lint-'));
    for (const file of ['.oxlintrc.json', 'lint', 'tsconfig.json'])
      cpSync(join(root, file), join(folder, file), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const [path, contents] of [...bad, ...good]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `${contents}\n`);
    }
    const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [oxlint, '--type-aware', '-f', 'json', 'src', 'test'],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    if (!stdout.includes('"diagnostics"')) throw new Error(`${stdout}${stderr}`);
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
    for (const { code, filename } of diagnostics) found.set(filename, [...(found.get(filename) ?? []), code]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(bad)('refuses %s', (path, _, rule) => {
    expect(found.get(path)).toEqual([rule]);
  });

  test.each(good)('passes %s', (path) => {
    expect(found.get(path)).toBeUndefined();
  });
});

describe('boundaries', () => {
  const edge = (importer: string, imported: string, typeOnly = false) =>
    crossed({ importer, imported, typeOnly });

  test.each([
    ['src/kernel/lane.ts', 'src/config.ts', 'kernel'],
    ['src/sessions/rules.ts', 'src/generated/prisma/client.ts', 'pure rules'],
    ['src/interventions/deadlines.ts', 'src/database/transact.ts', 'pure rules'],
    ['src/interventions/rules.ts', '@prisma/client', 'pure rules'],
    ['src/identity/authenticate.ts', 'src/server/http.ts', 'server/'],
    ['src/jobs/worker.ts', 'src/server/metrics.ts', 'server/'],
    ['src/interventions/resolve.ts', 'src/graphql/payload.ts', 'verbs know no door'],
    ['src/sessions/queries.ts', 'src/graphql/builder.ts', 'verbs know no door'],
    ['src/sessions/end.ts', 'src/interventions/queries.ts', 'queries.ts'],
    ['src/permits/verify.ts', 'src/kernel/json.ts', 'jose alone'],
    ['src/permits/verify.ts', 'node:crypto', 'jose alone'],
    ['src/client/ask.ts', 'src/kernel/json.ts', 'ships by itself'],
    ['src/client/ask.ts', 'graphql', 'ships by itself'],
    ['src/client/ask.ts', 'node:crypto', 'ships by itself'],
    ['src/server/http.ts', 'src/client/ask.ts', 'ships by itself'],
    ['src/mcp/tools.ts', 'src/interventions/request.ts', 'over the API'],
    ['src/workstation/main.tsx', 'src/kernel/json.ts', 'runs in browsers'],
    ['src/workstation/main.tsx', 'node:crypto', 'runs in browsers'],
    ['src/server/http.ts', 'src/workstation/parts/time.ts', 'runs in browsers'],
    ['src/server/http.ts', 'src/app.ts', 'composition root'],
    ['test/app.test.ts', 'src/main.ts', 'composition root'],
    ['src/events/log.ts', 'test/support/clock.ts', 'neither tests'],
  ])('%s may not import %s', (importer, imported, says) => {
    expect(edge(importer, imported)).toContain(says);
  });

  test.each([
    ['src/kernel/ids.ts', 'src/kernel/clock.ts', false],
    ['src/sessions/rules.ts', 'src/generated/prisma/client.ts', true],
    ['src/sessions/queries.ts', 'src/graphql/list.ts', false],
    ['src/interventions/schema.ts', 'src/graphql/builder.ts', false],
    ['src/sessions/types.ts', 'src/interventions/queries.ts', false],
    ['src/interventions/queries.ts', 'src/sessions/columns.ts', false],
    ['src/server/http.ts', 'src/graphql/engine.ts', false],
    ['src/permits/verify.ts', 'jose', false],
    ['src/client/permit.ts', 'src/permits/verify.ts', false],
    ['src/client/connection.ts', 'graphql-ws/client', false],
    ['src/mcp/tools.ts', 'src/client/wait.ts', false],
    ['src/server/in-process.ts', 'src/client/connection.ts', false],
    ['test/client/ask.test.ts', 'src/client/holdpoint.ts', false],
    ['src/workstation/app.tsx', 'src/workstation/texts.ts', false],
    ['src/workstation/app.tsx', 'react', false],
    ['src/main.ts', 'src/app.ts', false],
    ['bench/deadlines.ts', 'src/database/open.ts', false],
    ['test/app.test.ts', 'src/app.ts', false],
  ])('%s may import %s', (importer, imported, typeOnly) => {
    expect(edge(importer, imported, typeOnly)).toBeNull();
  });
});

describe('where no linter looks', () => {
  test('migrations and the schema take no time from the database: the Clock gives it', () => {
    for (const file of [...globSync('prisma/migrations/**/*.sql'), 'prisma/schema.prisma']) {
      const text = readFileSync(file, 'utf8').replace(/(--|\/\/).*$/gm, '');
      expect(text, file).not.toMatch(/\b(now|clock_timestamp|random)\(\)|CURRENT_TIMESTAMP/i);
    }
  });

  test('no linter is switched off in a file', () => {
    for (const file of globSync('{src,test,scripts,bench,lint}/**/*.{ts,tsx}', {
      exclude: ['src/generated/**', 'src/client/generated/**', 'src/workstation/generated/**'],
    })) {
      if (file.endsWith('guards/lint.test.ts')) continue;
      expect(readFileSync(file, 'utf8'), file).not.toMatch(
        /(oxlint|eslint)-disable|@ts-(ignore|nocheck|expect-error)/,
      );
    }
  });
});
