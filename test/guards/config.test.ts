import { globSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import { supervisionEnvironment } from '../../src/supervision/from-environment.ts';
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
      tracing: null,
      processRoles: { api: true, worker: true },
      runners: {},
      ai: null,
      notifications: { mail: null, slack: null, twilio: null, allowPrivate: false },
      supervision: { environment: supervisionEnvironment([], {}) },
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
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.example.com/base/',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20x, x-tenant=a',
      OTEL_SERVICE_NAME: 'holdpoint-eu',
      OIDC_ISSUER: 'https://id.example.com/',
      OIDC_AUDIENCE: 'holdpoint',
      OIDC_ROLE_CLAIM: 'realm_access.roles',
      OIDC_PROJECT_CLAIM: 'https://example.com/project',
      OIDC_CLIENT_ID: 'workstation',
      OIDC_CLIENT_SECRET: 'a client secret',
      PROCESS_ROLES: 'worker',
      SUPERVISION_ENV: 'TEAM_HOOK, OTHER',
      TEAM_HOOK: 'https://hook',
      SMTP_URL: 'smtps://me:pass@mail.example.com',
      SMTP_FROM: 'Holdpoint <holdpoint@example.com>',
      SLACK_BOT_TOKEN: 'xoxb-123456789-secret',
      SLACK_SIGNING_SECRET: 'f'.repeat(32),
      SLACK_WEBHOOK_URL: 'https://hooks.example.com/x',
      SLACK_API_URL: 'https://slack-gov.example.com/api/',
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'f'.repeat(32),
      TWILIO_FROM: '+15005550006',
      TWILIO_API_URL: 'https://api.dublin.ie1.twilio.example.com',
      ALLOW_PRIVATE_ADDRESSES: 'yes',
      HTTP_RUNNERS: JSON.stringify({ coder: runner }),
      OPENAI_API_KEY: 'sk-key',
      OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1/',
      AI_PRICES: '{"m":{"input":"2.50","output":"10"}}',
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
        client: { id: 'workstation', secret: 'a client secret' },
      },
      metrics: { token: 'a-metrics-token' },
      tracing: {
        endpoint: 'https://otel.example.com/base',
        headers: { authorization: 'Bearer x', 'x-tenant': 'a' },
        serviceName: 'holdpoint-eu',
      },
      processRoles: { api: false, worker: true },
      runners: { coder: runner },
      ai: {
        apiKey: 'sk-key',
        baseUrl: 'http://127.0.0.1:11434/v1',
        prices: { m: { input: '2.50', output: '10' } },
        allowPrivate: true,
      },
      notifications: {
        mail: { url: 'smtps://me:pass@mail.example.com', from: 'Holdpoint <holdpoint@example.com>' },
        slack: {
          token: 'xoxb-123456789-secret',
          signingSecret: 'f'.repeat(32),
          apiUrl: 'https://slack-gov.example.com/api',
        },
        twilio: {
          accountSid: `AC${'0'.repeat(32)}`,
          authToken: 'f'.repeat(32),
          from: '+15005550006',
          apiUrl: 'https://api.dublin.ie1.twilio.example.com',
        },
        allowPrivate: true,
      },
      supervision: {
        environment: supervisionEnvironment(['TEAM_HOOK', 'OTHER'], {
          TEAM_HOOK: 'https://hook',
          SLACK_WEBHOOK_URL: 'https://hooks.example.com/x',
        }),
      },
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
      OIDC_CLIENT_ID: ['my client', 'a'.repeat(513), ''],
      OIDC_CLIENT_SECRET: ['naïve', 'a'.repeat(1_025), ''],
      OTEL_EXPORTER_OTLP_ENDPOINT: ['collector:4318', 'grpc://x', 'http://x?y', ''],
      OTEL_EXPORTER_OTLP_HEADERS: ['x', 'a=', 'a b=c', 'a=%zz', 'a=%0a', 'a=1,', ''],
      OTEL_SERVICE_NAME: ['my service', ''],
      PROCESS_ROLES: ['api,cook', 'none', 'api,'],
      SUPERVISION_ENV: ['A-B', '1A', 'A,', 'DATABASE_URL', 'A,ENCRYPTION_KEYS_FILE'],
      SMTP_URL: ['mail.example.com', 'http://mail', 'smtp:', ''],
      SMTP_FROM: ['holdpoint', 'a@b\r\nBcc: c@d', 'a@b, c@d', ''],
      SLACK_BOT_TOKEN: ['xoxp-123456789-secret', 'xoxb-', 'xoxb-123456789 secret', ''],
      SLACK_SIGNING_SECRET: ['short', 'f'.repeat(31).concat('-'), ''],
      SLACK_WEBHOOK_URL: ['hooks.example.com/x', 'file:///x', ''],
      SLACK_API_URL: ['slack.com', 'https://slack.com/api?x=1', 'https://u:p@slack.com/api'],
      TWILIO_ACCOUNT_SID: ['AC123', `XX${'0'.repeat(32)}`, ''],
      TWILIO_AUTH_TOKEN: ['short', 'has a space in it', ''],
      TWILIO_FROM: ['01', '+0500', 'Twelve Chars', '', '15005550006123'],
      TWILIO_API_URL: ['api.twilio.com', 'https://api.twilio.com/?x'],
      ALLOW_PRIVATE_ADDRESSES: ['1', 'true', ''],
      HTTP_RUNNERS: [
        'x',
        '[]',
        '{"a":{}}',
        '{"external":{"url":"https://x","secret":"0123456789abcdef"}}',
        '{"ai":{"url":"https://x","secret":"0123456789abcdef"}}',
        '{"A b":{"url":"https://x","secret":"0123456789abcdef"}}',
        '{"a":{"url":"ftp://x","secret":"0123456789abcdef"}}',
        '{"a":{"url":"https://x","secret":"short"}}',
        '{"a":{"url":"https://x","secret":"0123456789abcdef","more":1}}',
      ],
      OPENAI_API_KEY: ['', 'two words'],
      OPENAI_BASE_URL: ['api.example.com', 'https://me:pass@api.example.com', 'https://x/?a=1'],
      AI_PRICES: [
        'x',
        '[]',
        '{"m":{"input":"1"}}',
        '{"m":{"input":1,"output":2}}',
        '{"m":{"input":"1.00001","output":"2"}}',
        '{"m":{"input":"-1","output":"2"}}',
        '{"m":{"input":"1","output":"2","cached":"0"}}',
        '{"":{"input":"1","output":"2"}}',
      ],
    };
    expect(Object.keys(bad).sort()).toEqual(Object.keys(variables).sort());
    const mail = { SMTP_URL: 'smtp://mail.example.com', SMTP_FROM: 'a@example.com' };
    const oidc = { OIDC_ISSUER: 'https://id.example.com', OIDC_AUDIENCE: 'a', OIDC_CLIENT_ID: 'c' };
    const ai = { OPENAI_API_KEY: 'sk-key' };
    const slack = { SLACK_BOT_TOKEN: 'xoxb-123456789-secret' };
    const twilio = {
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'f'.repeat(32),
      TWILIO_FROM: '+15005550006',
    };
    for (const [name, values] of Object.entries(bad)) {
      for (const value of values)
        expect([
          name,
          value,
          names(faultsOf({ ...oidc, ...mail, ...slack, ...twilio, ...ai, [name]: value })),
        ]).toEqual([name, value, [name]]);
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
      'AI_PRICE',
      'HOLDPOINT_PORT',
      'CORS_ORIGIN',
      'ADMIN_API_KEYS',
      'ENCRYPTION_KEY',
      'PUBLIC_URLS',
      'DATABASE_URLS',
      'DATABASE_URL_FIEL',
      'DATA_DIRECTORY',
      'LOG_LEVELS',
      'METRICS_TOKENS',
      'PROCESS_ROLE',
      'SLACK_BOT_TOKENS',
      'SLACK_SIGNING_KEY',
      'SLACK_WEBHOOK_URI',
      'SLACK_API_URI',
      'TWILIO_ACCOUNT',
    ];
    expect(names(faultsOf(Object.fromEntries(unknown.map((name) => [name, 'x']))))).toEqual(unknown);
    expect(names(faultsOf({ OIDC_AUDIENCE_FILE: 'x' }))).toEqual(['OIDC_AUDIENCE_FILE']);
    expect(() =>
      readConfig({
        HOME: '/root',
        HOSTNAME: 'here',
        SMTP_HOST: '',
        SLACK_APP_TOKEN: 'x',
        LOG_FORMAT: 'json',
        DATABASE_URL_UNPOOLED: 'postgres://p',
        HOLDPOINT_URL: 'http://127.0.0.1:4000',
        HOLDPOINT_TOKEN: 'hp_1',
        HOLDPOINT_TEAM: 'team_1',
        npm_config_cache: 'x',
        HTTP_PROXY: 'http://p',
      }),
    ).not.toThrow();
  });

  test('SMTP_URL and SMTP_FROM need one another', () => {
    expect(names(faultsOf({ SMTP_URL: 'smtp://mail.example.com' }))).toEqual(['SMTP_FROM']);
    expect(names(faultsOf({ SMTP_FROM: 'a@example.com' }))).toEqual(['SMTP_FROM']);
  });

  test('what belongs to Slack’s bot needs its token, and the Twilio variables need one another', () => {
    const secret = { SLACK_SIGNING_SECRET: 'f'.repeat(32) };
    expect(names(faultsOf({ ...secret, SLACK_API_URL: 'https://slack.com/api' }))).toEqual([
      'SLACK_SIGNING_SECRET',
      'SLACK_API_URL',
    ]);
    const files = { '/token': 'xoxb-123456789-secret\n', '/hook': 'https://hooks.example.com/x\n' };
    const { notifications, supervision } = readConfig(
      { ...secret, SLACK_BOT_TOKEN_FILE: '/token', SLACK_WEBHOOK_URL_FILE: '/hook' },
      filesOf(files),
    );
    expect(notifications.slack).toEqual({
      token: 'xoxb-123456789-secret',
      signingSecret: 'f'.repeat(32),
      apiUrl: 'https://slack.com/api',
    });
    expect(supervision.environment.get('SLACK_WEBHOOK_URL')).toBe('https://hooks.example.com/x');
    const account = { TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}` };
    expect(names(faultsOf(account))).toEqual(['TWILIO_AUTH_TOKEN', 'TWILIO_FROM']);
    expect(names(faultsOf({ TWILIO_FROM: '+15005550006' }))).toEqual(['TWILIO_FROM']);
    const from = [`MG${'0'.repeat(32)}`, '12345', 'Holdpoint', '+15005550006'];
    for (const TWILIO_FROM of from) {
      const config = readConfig({ ...account, TWILIO_AUTH_TOKEN: 'f'.repeat(32), TWILIO_FROM });
      expect(config.notifications.twilio).toMatchObject({
        from: TWILIO_FROM,
        apiUrl: 'https://api.twilio.com',
      });
    }
    // A configuration may read it without being allowed to by name.
    expect(() => readConfig({ SUPERVISION_ENV: 'SLACK_WEBHOOK_URL' })).not.toThrow();
  });

  test('OIDC_ISSUER needs its audience, and the other OIDC variables need the issuer', () => {
    expect(names(faultsOf({ OIDC_ISSUER: 'https://id.example.com' }))).toEqual(['OIDC_AUDIENCE']);
    expect(names(faultsOf({ OIDC_ROLE_CLAIM: 'roles' }))).toEqual(['OIDC_ROLE_CLAIM']);
    expect(names(faultsOf({ OIDC_CLIENT_ID: 'c' }))).toEqual(['OIDC_CLIENT_ID']);
    const loopback = { OIDC_ISSUER: 'http://127.0.0.1:9000', OIDC_AUDIENCE: 'a' };
    expect(readConfig(loopback).oidc?.issuer).toBe('http://127.0.0.1:9000');
    expect(readConfig(loopback).oidc?.client).toBe(null);
    expect(names(faultsOf({ ...loopback, OIDC_CLIENT_SECRET: 's' }))).toEqual(['OIDC_CLIENT_SECRET']);
    expect(readConfig({ ...loopback, OIDC_CLIENT_ID: 'c' }).oidc?.client).toEqual({ id: 'c', secret: null });
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

  test('behaviour 1.4: what is the ai runner’s means nothing without its key', () => {
    const both = { OPENAI_BASE_URL: 'https://x/v1', AI_PRICES: '{}' };
    expect(names(faultsOf(both))).toEqual(['OPENAI_BASE_URL', 'AI_PRICES']);
    expect(readConfig({ OPENAI_API_KEY: 'sk-key' }).ai).toEqual({
      apiKey: 'sk-key',
      baseUrl: 'https://api.openai.com/v1',
      prices: {},
      allowPrivate: false,
    });
    const files = filesOf({ '/key': 'sk-key\n' });
    expect(readConfig({ ...both, OPENAI_API_KEY_FILE: '/key' }, files).ai).toMatchObject({
      apiKey: 'sk-key',
    });
    expect(readConfig({}).ai).toBeNull();
  });

  test('no message repeats the value of a secret', () => {
    const error = faultsOf({
      ADMIN_API_KEY: 'hunter2 hunter2',
      METRICS_TOKEN: 'hunter2 hunter2',
      DATABASE_URL: 'mysql://me:hunter2@db/x',
      HTTP_RUNNERS: '{"a":{"url":"ftp://hunter2","secret":"hunter2"}, hunter2',
      OPENAI_API_KEY: 'hunter2 hunter2',
    });
    expect(names(error)).toHaveLength(5);
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

  test('behaviour 1.4: a fault within a value is told in words of our own, with its place', () => {
    const runners = { a: { url: 7 }, b: { url: 'https://x', secret: '0123456789abcdef', more: 1 }, c: [] };
    const { faults } = faultsOf({ PROCESS_ROLES: 'api,cook', HTTP_RUNNERS: JSON.stringify(runners) });
    const [roles, http] = faults.map(({ message }) => message);
    expect(roles).toBe('(entry 2) must be api, worker or both, separated by a comma');
    const whole = 'must be an object of url, secret and, where it is given, previousSecret, and nothing else';
    expect(http!.split('; ')).toEqual([
      '(a.url) must be an http(s) address',
      '(a.secret) must be a text of at least 16 characters',
      `(b) ${whole}`,
      `(c) ${whole}`,
    ]);
  });

  test('the configuration table has one row for each variable, with its default and its file', () => {
    const rows = renderConfigurationTable().split('\n').slice(2);
    expect(rows.map((row) => /^\| `(\w+)`/.exec(row)?.[1])).toEqual(Object.keys(variables));
    expect(rows[0]).toContain('| 4000 |');
    expect(rows.filter((row) => row.includes('_FILE`'))).toHaveLength(13);
    for (const row of rows) expect(row.split(' | ')).toHaveLength(3);
  });

  test('src/config.ts alone reads the environment', () => {
    const readers = globSync('src/**/*.ts', {
      exclude: ['src/generated/**', 'src/client/generated/**', 'src/workstation/generated/**'],
    }).filter((file) => readFileSync(file, 'utf8').includes('process.env'));
    expect(readers).toEqual(['src/config.ts']);
  });
});
