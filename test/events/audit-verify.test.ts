import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/open.ts';
import { migrationsDirectory } from '../../src/database/schema-engine.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { onPostgres, silent, withDatabase } from '../support/database.ts';
import { append, emptyLog, event, ids, log, pruneOn, sealAll } from './support.ts';

const script = fileURLToPath(new URL('../../scripts/audit-verify.ts', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdpoint-audit-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The command as an operator runs it. */
async function auditVerify(environment: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env.PATH, ...environment },
  });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (errors += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output, errors };
}

/** Intact, then broken, judged through `verify`. */
async function judged(
  database: Database,
  verify: (...args: string[]) => ReturnType<typeof auditVerify>,
  makeRoom: () => Promise<void> = async () => {},
) {
  const projectId = ids.next('project');
  await append(
    database,
    Array.from({ length: 5 }, () => event({ projectId })),
  );
  await sealAll(database);
  const third = (await log(database))[2]!;
  await makeRoom();
  const first = await verify('--json');
  expect(first).toMatchObject({ code: 0, errors: '' });
  const result = JSON.parse(first.output) as { heads: object };
  expect(result).toMatchObject({ intact: true, events: 5, unsealed: 0, fault: null });
  expect(result.heads).toMatchObject({ [projectId]: { position: '5', length: '5' } });
  const file = join(folder, `heads-${projectId}.json`);
  await writeFile(file, first.output);
  const text = await verify('--heads', file);
  expect(text).toMatchObject({ code: 0 });
  expect(text.output).toContain('intact');
  await writeFile(file, first.output.replace(/"hash": "../, '"hash": "zz'));
  expect(await verify('--heads', file)).toMatchObject({ code: 1 });
  return { projectId, third };
}

describe.runIf(onPostgres)('audit:verify beside a running server', () => {
  const database = withDatabase();

  test('behaviour 9.2: intact 0, broken 1 naming event, position, chain and reason', async () => {
    const verify = (...args: string[]) => auditVerify({ DATABASE_URL: database().url! }, ...args);
    const { third, projectId } = await judged(database(), verify);
    await database().prisma.$executeRaw`UPDATE events SET data = '{"forged": true}' WHERE position = 3`;
    const { code, output } = await verify();
    expect(code).toBe(1);
    expect(output).toContain(
      `BROKEN at position 3, event ${third.id} of chain ${projectId}: its content was changed`,
    );
    expect(JSON.parse((await verify('--json')).output)).toMatchObject({
      intact: false,
      fault: { position: '3', eventId: third.id },
    });
  }, 120_000);

  test('behaviour 9.2: what was pruned is proven with the key, and without it that is told, 2', async () => {
    await emptyLog(database());
    const projectId = ids.next('project');
    await append(database(), [event({ projectId }), event({ projectId })]);
    await sealAll(database());
    expect(await pruneOn(database(), {}, projectId)).toBe(2);
    await sealAll(database());
    const key = Buffer.alloc(32, 't').toString('base64');
    const here = { DATABASE_URL: database().url!, DATA_DIR: folder };
    const proven = await auditVerify({ ...here, ENCRYPTION_KEYS: `test:${key}` });
    expect(proven).toMatchObject({ code: 0, errors: '' });
    expect(proven.output).toContain('2 older events were pruned');
    for (const keys of [{}, { ENCRYPTION_KEYS: `other:${key}` }] as Record<string, string>[]) {
      const { code, output } = await auditVerify({ ...here, ...keys });
      expect(code).toBe(2);
      expect(output).toContain(`NOT PROVEN: the checkpoint of ${projectId}`);
      expect(output).not.toContain('intact');
    }
  }, 120_000);

  test('what cannot be checked is 2', async () => {
    const nowhere = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
    expect(await auditVerify(nowhere)).toMatchObject({ code: 2, output: '' });
    const here = { DATABASE_URL: database().url! };
    expect(await auditVerify(here, '--nonsense')).toMatchObject({ code: 2 });
    expect(await auditVerify(here, '--heads', join(folder, 'none.json'))).toMatchObject({ code: 2 });
    const other = join(folder, 'other.json');
    await writeFile(other, '{"heads": []}');
    expect((await auditVerify(here, '--heads', other)).errors).toContain('not what --json prints');
    expect(await auditVerify({ ...here, PORT: 'x' })).toMatchObject({ code: 2 });
  }, 120_000);
});

describe.runIf(!onPostgres)('audit:verify on the embedded database', () => {
  test('behaviour 1.6, 9.2: refuses beside the server and says what to do; then intact 0, broken 1', async () => {
    const dataDirectory = join(folder, 'data');
    const environment = { DATA_DIR: dataDirectory };
    expect((await auditVerify(environment)).errors).toContain('there is no database');
    const open = () => openDatabase({ url: null, dataDirectory, clock: systemClock, log: silent });
    const database = await open();
    const refused = await auditVerify(environment);
    expect(refused.code).toBe(2);
    expect(refused.errors).toContain(`pid ${process.pid}`);
    expect(refused.errors).toContain('stop the server');
    const verify = (...args: string[]) => auditVerify(environment, ...args);
    const { third } = await judged(database, verify, () => database.close());
    const again = await open();
    await again.prisma.$executeRaw`UPDATE events SET data = '{"forged": true}' WHERE position = 3`;
    await again.close();
    const { code, output } = await verify();
    expect(code).toBe(1);
    expect(output).toContain(`event ${third.id}`);
  }, 180_000);

  test('one of an older version is left as it is, and what to do is said (9.2)', async () => {
    const older = join(folder, 'older-migrations');
    const first = '0001_foundation';
    await cp(join(migrationsDirectory, first), join(older, first), { recursive: true });
    const dataDirectory = join(folder, 'older');
    const options = { url: null, dataDirectory, clock: systemClock, log: silent, migrations: older };
    await (await openDatabase(options)).close();
    const { code, errors } = await auditVerify({ DATA_DIR: dataDirectory });
    expect(code).toBe(2);
    expect(errors).toContain('without 0002_session_drives');
    expect(errors).toContain('start the server once');
    // Still one that the older version opens: a migration more, and it would refuse.
    await (await openDatabase(options)).close();
  }, 60_000);

  test('a database that keeps nothing cannot be checked', async () => {
    expect(await auditVerify({ DATA_DIR: 'memory://' })).toMatchObject({ code: 2 });
  });
});
