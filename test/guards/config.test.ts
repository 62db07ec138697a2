import { globSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import { renderConfigurationTable, variables } from '../../src/environment.ts';

function faultsOf(env: Record<string, string>, files: Record<string, string> = {}): ConfigError {
  try {
    readConfig(env, filesOf(files));
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(env)}`);
}

const filesOf = (files: Record<string, string>) => ({
  readFileSync(path: string) {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return text;
  },
});

const key = (letter: string): string => Buffer.alloc(32, letter).toString('base64');
const names = (error: ConfigError) => error.faults.map(({ variable }) => variable);

describe('the environment', () => {
  test('behaviour 1.3: an empty environment gives the documented defaults', () => {
    expect(readConfig({})).toEqual({
      server: { host: '127.0.0.1', port: 4000, publicUrl: null, corsOrigins: [] },
      database: { url: null, dataDirectory: './data' },
      admin: { apiKey: null },
      encryption: { keys: null },
      oidc: null,
      metrics: { token: null },
      processRoles: { api: true, worker: true },
      runners: {},
      log: { level: 'info' },
      production: false,
    });
  });

  test('behaviour 1.3: every variable reaches the configuration', () => {
    const runner = { url: 'https://runner.example.com/', secret: 'a-secret-of-the-runner' };
    const config = readConfig({
      PORT: '0',
      HOST: '::1',
      PUBLIC_URL: 'https://hold.example.com/base/',
      CORS_ORIGINS: 'https://a.example.com, http://localhost:5173',
      DATABASE_URL: 'postgres://me:pass@db:5432/holdpoint',
      DATA_DIR: 'memory://',
      ADMIN_API_KEY: 'an-admin-key',
      ENCRYPTION_KEYS: `new:${key('n')},old.1:${key('o')}`,
      LOG_LEVEL: 'debug',
      NODE_ENV: 'production',
      METRICS_TOKEN: 'a-metrics-token',
      OIDC_ISSUER: 'https://id.example.com/',
      OIDC_AUDIENCE: 'holdpoint',
      OIDC_ROLE_CLAIM: 'realm_access.roles',
      OIDC_PROJECT_CLAIM: 'https://example.com/project',
      PROCESS_ROLES: 'worker',
      HTTP_RUNNERS: JSON.stringify({ coder: runner }),
      PATH: '/usr/bin',
    });
    expect({
      ...config,
      encryption: config.encryption.keys?.map((each) => [each.id, each.key.export().toString()]),
    }).toEqual({
      server: {
        host: '::1',
        port: 0,
        publicUrl: 'https://hold.example.com/base',
        corsOrigins: ['https://a.example.com', 'http://localhost:5173'],
      },
      database: { url: 'postgres://me:pass@db:5432/holdpoint', dataDirectory: 'memory://' },
      admin: { apiKey: 'an-admin-key' },
      encryption: [
        ['new', 'n'.repeat(32)],
        ['old.1', 'o'.repeat(32)],
      ],
      oidc: {
        issuer: 'https://id.example.com',
        audience: 'holdpoint',
        roleClaim: 'realm_access.roles',
        projectClaim: 'https://example.com/project',
      },
      metrics: { token: 'a-metrics-token' },
      processRoles: { api: false, worker: true },
      runners: { coder: runner },
      log: { level: 'debug' },
      production: true,
    });
  });

  test('the configuration is frozen throughout', () => {
    const config = readConfig({ CORS_ORIGINS: 'https://a.example.com' });
    expect(Object.isFrozen(config) && Object.isFrozen(config.server)).toBe(true);
    expect(Object.isFrozen(config.server.corsOrigins)).toBe(true);
  });

  test('behaviour 1.3: a malformed value of any variable is a fault that names it', () => {
    const bad: Record<string, string[]> = {
      PORT: ['abc', '65536', '-1', '4000.5', ' 4000', ''],
      HOST: ['not a host', 'http://x', ''],
      PUBLIC_URL: ['hold.example.com', 'ftp://x', 'https://x/?a=1', 'https://u:p@x/'],
      CORS_ORIGINS: ['*', 'https://a.example.com/path', 'https://a.example.com,', 'a.example.com'],
      DATABASE_URL: ['mysql://db/x', 'postgres://db', 'db', ''],
      DATA_DIR: ['s3://bucket', 'memory://x', ''],
      ADMIN_API_KEY: ['short', 'has a space in it', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.', ''],
      ENCRYPTION_KEYS: [
        'x',
        key('a'),
        `:${key('a')}`,
        `a b:${key('a')}`,
        `${'a'.repeat(33)}:${key('a')}`,
        `a:${Buffer.alloc(16, 'a').toString('base64')}`,
        `a:${Buffer.alloc(33, 'a').toString('base64')}`,
        `a:${key('a')}=`,
        // The last character's spare bits are set: another text for the same bytes.
        `a:${key('a').replace(/.=$/, 'F=')}`,
        `a:${key('a')},`,
        `a:${key('a')},a:${key('b')}`,
        `a:${key('a')},b:${key('a')}`,
        '',
      ],
      LOG_LEVEL: ['loud', 'INFO'],
      NODE_ENV: ['prod', 'staging'],
      METRICS_TOKEN: ['short', 'has a space in it'],
      OIDC_ISSUER: ['http://id.example.com', 'id.example.com'],
      OIDC_ROLE_CLAIM: ['a claim'],
      OIDC_PROJECT_CLAIM: ['a claim'],
      OIDC_AUDIENCE: [''],
      PROCESS_ROLES: ['api,cook', 'none', 'api,'],
      HTTP_RUNNERS: [
        'x',
        '[]',
        '{"a":{}}',
        '{"external":{"url":"https://x","secret":"0123456789abcdef"}}',
        '{"A b":{"url":"https://x","secret":"0123456789abcdef"}}',
        '{"a":{"url":"ftp://x","secret":"0123456789abcdef"}}',
        '{"a":{"url":"https://x","secret":"short"}}',
        '{"a":{"url":"https://x","secret":"0123456789abcdef","more":1}}',
      ],
    };
    expect(Object.keys(bad).sort()).toEqual(Object.keys(variables).sort());
    const oidc = { OIDC_ISSUER: 'https://id.example.com', OIDC_AUDIENCE: 'a' };
    for (const [name, values] of Object.entries(bad)) {
      for (const value of values)
        expect([name, value, names(faultsOf({ ...oidc, [name]: value }))]).toEqual([name, value, [name]]);
    }
  });

  test('behaviour 1.4: one message names every bad variable at once', () => {
    const error = faultsOf({
      PORT: 'x',
      LOG_LEVEL: 'loud',
      OIDC_AUDIENCE: 'a',
      OIDC_ISUER: 'https://x',
      NODE_ENV: 'prod',
    });
    expect(names(error).sort()).toEqual(['LOG_LEVEL', 'NODE_ENV', 'OIDC_AUDIENCE', 'OIDC_ISUER', 'PORT']);
    for (const name of names(error)) expect(error.message).toContain(name);
  });

  test('behaviour 1.3: an unknown name with a prefix of ours is a fault; other variables are nobody’s business', () => {
    const unknown = [
      'OIDC_ISUER',
      'HTTP_RUNNER',
      'HTTP_RUNNERS_X',
      'HOLDPOINT_PORT',
      'CORS_ORIGIN',
      'ADMIN_API_KEYS',
      'ENCRYPTION_KEY',
    ];
    expect(names(faultsOf(Object.fromEntries(unknown.map((name) => [name, 'x']))))).toEqual(unknown);
    expect(names(faultsOf({ OIDC_AUDIENCE_FILE: 'x' }))).toEqual(['OIDC_AUDIENCE_FILE']);
    expect(() =>
      readConfig({ HOME: '/root', SMTP_URL: '', npm_config_cache: 'x', HTTP_PROXY: 'http://p' }),
    ).not.toThrow();
  });

  test('OIDC_ISSUER needs its audience, and the other OIDC variables need the issuer', () => {
    expect(names(faultsOf({ OIDC_ISSUER: 'https://id.example.com' }))).toEqual(['OIDC_AUDIENCE']);
    expect(names(faultsOf({ OIDC_ROLE_CLAIM: 'roles' }))).toEqual(['OIDC_ROLE_CLAIM']);
    const loopback = { OIDC_ISSUER: 'http://127.0.0.1:9000', OIDC_AUDIENCE: 'a' };
    expect(readConfig(loopback).oidc?.issuer).toBe('http://127.0.0.1:9000');
  });

  test('behaviour 1.3: a secret is read from NAME_FILE, without the line break at its end', () => {
    const config = readConfig({ ADMIN_API_KEY_FILE: '/run/key' }, filesOf({ '/run/key': 'from-the-file\n' }));
    expect(config.admin.apiKey).toBe('from-the-file');
  });

  test('a secret that is given twice, can’t be read or is empty is a fault', () => {
    const files = { '/key': 'from-the-file', '/empty': '\n' };
    expect(names(faultsOf({ ADMIN_API_KEY: 'from-itself', ADMIN_API_KEY_FILE: '/key' }, files))).toEqual([
      'ADMIN_API_KEY',
    ]);
    expect(names(faultsOf({ METRICS_TOKEN_FILE: '/none' }, files))).toEqual(['METRICS_TOKEN_FILE']);
    expect(names(faultsOf({ DATABASE_URL_FILE: '/empty' }, files))).toEqual(['DATABASE_URL_FILE']);
  });

  test('no message repeats the value of a secret', () => {
    const error = faultsOf({
      ADMIN_API_KEY: 'hunter2 hunter2',
      METRICS_TOKEN: 'hunter2 hunter2',
      DATABASE_URL: 'mysql://me:hunter2@db/x',
      HTTP_RUNNERS: '{"a":{"url":"ftp://hunter2","secret":"hunter2"}, hunter2',
    });
    expect(names(error)).toHaveLength(4);
    expect(error.message).not.toContain('hunter2');
  });

  test('behaviour 1.9: with DATABASE_URL, production requires ENCRYPTION_KEYS, and so does a DATA_DIR that keeps nothing', () => {
    const url = 'postgres://me@db/holdpoint';
    const production = { NODE_ENV: 'production', DATABASE_URL: url };
    expect(names(faultsOf(production))).toEqual(['ENCRYPTION_KEYS']);
    const files = { '/url': url, '/keys': `one:${key('a')}\n` };
    const byFile = { NODE_ENV: 'production', DATABASE_URL_FILE: '/url' };
    expect(names(faultsOf(byFile, files))).toEqual(['ENCRYPTION_KEYS']);
    const { encryption } = readConfig({ ...byFile, ENCRYPTION_KEYS_FILE: '/keys' }, filesOf(files));
    expect(encryption.keys?.map(({ id }) => id)).toEqual(['one']);
    expect(names(faultsOf({ DATABASE_URL: url, DATA_DIR: 'memory://' }))).toEqual(['ENCRYPTION_KEYS']);
    expect(readConfig({ DATABASE_URL: url }).encryption.keys).toBeNull();
    expect(readConfig({ NODE_ENV: 'production' }).encryption.keys).toBeNull();
  });

  test('behaviour 1.3: every fault of ENCRYPTION_KEYS is named by its place, and no key is repeated, anywhere', () => {
    const secret = key('s');
    const error = faultsOf({ ENCRYPTION_KEYS: `${secret},a:${secret}, a:${key('t')},b:${secret},c:hunter2` });
    expect(error.message).toMatch(
      /entry 1 must be .*entry 3 has the id.*entry 4 holds the same.*entry 5 must be/,
    );
    for (const text of [secret, key('t'), 'hunter2', 'sss']) expect(error.message).not.toContain(text);
    const config = readConfig({ ENCRYPTION_KEYS: `a:${secret}` });
    for (const text of [secret, 'sss'])
      expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain(text);
  });

  test('the configuration table has one row for each variable, with its default and its file', () => {
    const rows = renderConfigurationTable().split('\n').slice(2);
    expect(rows.map((row) => /^\| `(\w+)`/.exec(row)?.[1])).toEqual(Object.keys(variables));
    expect(rows[0]).toContain('| 4000 |');
    expect(rows.filter((row) => row.includes('_FILE`'))).toHaveLength(5);
    for (const row of rows) expect(row.split(' | ')).toHaveLength(3);
  });

  test('src/config.ts alone reads the environment', () => {
    const readers = globSync('src/**/*.ts', { exclude: ['src/generated/**'] }).filter((file) =>
      readFileSync(file, 'utf8').includes('process.env'),
    );
    expect(readers).toEqual(['src/config.ts']);
  });
});
