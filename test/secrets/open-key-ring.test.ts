import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import { makeKeyFile } from '../../src/secrets/key-file.ts';
import { openKeyRing, type SealedItem } from '../../src/secrets/open-key-ring.ts';

let folder: string;
let logged: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdpoint-keys-'));
  logged = '';
});
afterEach(() => rm(folder, { recursive: true }));

const keyOf = (letter: string) => Buffer.alloc(32, letter).toString('base64');
const log = pino({ level: 'trace' }, { write: (line: string) => void (logged += line) });

function openWith(
  env: Record<string, string>,
  sealed: SealedItem[] = [],
  kind: 'embedded' | 'postgres' = 'embedded',
) {
  const config = readConfig({ DATA_DIR: join(folder, 'data'), ...env });
  return openKeyRing({ config, database: { kind }, log, sealed: () => Promise.resolve(sealed) });
}

const file = () => join(folder, 'data', 'encryption-keys');
const item = (ring: Awaited<ReturnType<typeof openWith>>, name = 'the thing'): SealedItem => ({
  name,
  place: 'here',
  sealed: ring.seal(Buffer.from('secret'), 'here'),
});
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => Promise.reject(new Error('it was let in')),
    (error: unknown) => {
      if (error instanceof ConfigError) return error.message;
      throw error;
    },
  );

describe('the key ring of a start', () => {
  test('behaviour 1.9: without ENCRYPTION_KEYS the first start keeps a key for its owner alone, the next finds it', async () => {
    const sealed = item(await openWith({}));
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
    const again = await openWith({}, [sealed]);
    expect(again.open(sealed.sealed, 'here').toString()).toBe('secret');
    expect(await readdir(join(folder, 'data'))).toEqual(['encryption-keys']);
    expect(logged).toBe('');
  });

  test('what the file holds may be given as ENCRYPTION_KEYS, behind a new key', async () => {
    const sealed = item(await openWith({}));
    const kept = (await readFile(file(), 'utf8')).trim();
    const ring = await openWith({ ENCRYPTION_KEYS: `new:${keyOf('n')},${kept}` }, [sealed]);
    expect(ring.current).toBe('new');
  });

  test('DATA_DIR=memory:// makes a key for the process, and writes nothing', async () => {
    const env = { DATA_DIR: 'memory://' };
    const sealed = item(await openWith(env));
    expect(await refusal(openWith(env, [sealed]))).toContain((sealed.sealed as { kid: string }).kid);
    expect(await readdir(folder)).toEqual([]);
  });

  test('with a database elsewhere, the log says that replicas must share the file', async () => {
    await openWith({}, [], 'postgres');
    expect(JSON.parse(logged)).toMatchObject({
      file: file(),
      msg: expect.stringMatching(/replica must share/),
    });
    expect(logged).not.toContain((await readFile(file(), 'utf8')).trim().split(':')[1]);
  });

  test('processes that make the file at once have one key among them', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => makeKeyFile(join(folder, 'data'))));
    const [first, ...others] = made.map((keys) => keys.map(({ id, key }) => [id, key.export()]));
    for (const other of others) expect(other).toEqual(first);
    expect(await readdir(join(folder, 'data'))).toEqual(['encryption-keys']);
  });

  test('a key that is missing is named, and none is made in its place', async () => {
    const sealed = item(await openWith({ ENCRYPTION_KEYS: `one:${keyOf('1')}` }), 'the first thing');
    for (const env of [{}, { ENCRYPTION_KEYS: `two:${keyOf('1')}` }]) {
      const message = await refusal(
        openWith(env as Record<string, string>, [sealed, { ...sealed, name: 'the second' }]),
      );
      expect(message).toMatch(
        /ENCRYPTION_KEYS .*lacks the key "one", which the first thing is encrypted with/,
      );
      expect(message).not.toContain('the second');
    }
    expect(await readdir(folder)).toEqual([]);
  });

  test('another key under the same id is named, and so is a value that is none', async () => {
    const sealed = item(await openWith({ ENCRYPTION_KEYS: `one:${keyOf('1')}` }));
    const other = { ENCRYPTION_KEYS: `one:${keyOf('2')}` };
    const message = await refusal(
      openWith(other, [sealed, { name: 'the rubbish', place: 'here', sealed: {} }]),
    );
    expect(message).toContain('with the key "one"');
    expect(message).toContain('the rubbish');
    for (const text of [keyOf('1'), keyOf('2')]) expect(message).not.toContain(text);
  });

  test('a file that holds no keys is named, and left as it is', async () => {
    await openWith({});
    await writeFile(file(), 'one:hunter2');
    const message = await refusal(openWith({}));
    expect(message).toContain(file());
    expect(message).not.toContain('hunter2');
    expect(await readFile(file(), 'utf8')).toBe('one:hunter2');
  });
});
