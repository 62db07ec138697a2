// Longer than most files, as it is one table: what may stand in the environment, and how each value must look.
import { createSecretKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

/**
 * One environment variable. `fallback` and `meaning` are what the README's table says of it; `schema` turns its text
 * into what the program uses. A secret may also be given as NAME_FILE, and its value is never repeated in a message.
 */
export interface Variable<T = unknown> {
  fallback: string;
  meaning: string;
  /** Of the value, where it has one. */
  unit?: string;
  secret?: true;
  schema: z.ZodType<T, string>;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

const isHttp = (url: URL | null): url is URL => url?.protocol === 'http:' || url?.protocol === 'https:';
const isOrigin = (text: string): boolean => {
  const url = parseUrl(text);
  return isHttp(url) && url.origin === text;
};

/** No query, fragment or credentials: paths are appended to it. */
const isBaseUrl = (text: string): boolean => {
  const url = parseUrl(text);
  return isHttp(url) && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
};

const withoutSlash = (text: string): string => text.replace(/\/+$/, '');
const listOf = (text: string): string[] => text.split(',').map((item) => item.trim());

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port number, 0 to 65535')
  .transform(Number)
  .refine((value) => value <= 65_535, 'must be a port number, 0 to 65535');

const host = z
  .string()
  .regex(/^[A-Za-z0-9.:_-]+$/, 'must be a host name or an IP address (an IPv6 address without brackets)');

const baseUrl = z
  .string()
  .refine(isBaseUrl, 'must be an http(s) address without query or fragment')
  .transform(withoutSlash);

const origins = z
  .string()
  .transform((text) => (text.trim() === '' ? [] : listOf(text)))
  .refine(
    (items) => items.every(isOrigin),
    'must be origins separated by commas, such as https://console.example.com',
  );

const postgresUrl = z.string().refine((text) => {
  const url = parseUrl(text);
  return (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') && url.pathname.length > 1;
}, 'must be a PostgreSQL address such as postgres://user:password@host:5432/name');

/** What a Bearer token may consist of; not the shape of a JWT, which would go to the OIDC issuer instead. */
const adminKey = z
  .string()
  .regex(/^[\w.~+/=-]{8,512}$/, 'must be 8 to 512 letters, digits and -._~+/=')
  .refine((text) => !/^eyJ[\w-]*\.[\w-]*\.[\w-]*$/.test(text), 'must not look like a JWT');

const token = z
  .string()
  .regex(/^[\x21-\x7e]{8,512}$/, 'must be 8 to 512 printable ASCII characters without spaces');

/** Over plain http, whoever is on the way could hand out signing keys of their own. */
const issuer = z
  .string()
  .refine(isBaseUrl, 'must be the https address of the issuer')
  .refine((text) => {
    const url = parseUrl(text);
    return url === null || url.protocol === 'https:' || LOOPBACK.has(url.hostname);
  }, 'must be https, except on this machine itself')
  .transform(withoutSlash);

const claim = z.string().regex(/^\S{1,200}$/, 'must be the name of a claim, or a dotted path to one');

const processRoles = z
  .string()
  .transform((text) => [...new Set(listOf(text))])
  .pipe(z.array(z.enum(['api', 'worker'], 'must be api, worker or both, separated by a comma')).min(1));

const runner = z.strictObject({
  url: z.string().refine((text) => isHttp(parseUrl(text)), 'url must be an http(s) address'),
  secret: z.string().min(16, 'secret must be at least 16 characters'),
  previousSecret: z.string().min(16, 'previousSecret must be at least 16 characters').optional(),
});

const RESERVED_RUNNERS = new Set(['external', 'scripted']);

const httpRunners = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('must be JSON: {"name": {"url": "…", "secret": "…"}}');
      return z.NEVER;
    }
  })
  .pipe(
    z.record(
      z
        .string()
        .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'runner names are small letters, digits, - and _')
        .refine((name) => !RESERVED_RUNNERS.has(name), 'external and scripted are runners already'),
      runner,
      'must be a JSON object of runners by name',
    ),
  );

/** An entry of ENCRYPTION_KEYS. As an object that shows nothing of itself, wherever it is printed. */
export interface EncryptionKey {
  id: string;
  key: KeyObject;
}

const ENCRYPTION_KEY = /^([\w.-]{1,32}):([A-Za-z0-9+/]{43}=)$/;

/** Faults name the entry by its place alone: what stands where an id belongs may be a key. */
const encryptionKeys = z
  .string()
  .transform(listOf)
  .transform((entries, context): EncryptionKey[] => {
    const keys = entries.map((entry) => {
      const [, id = '', encoded = ''] = ENCRYPTION_KEY.exec(entry) ?? [];
      const bytes = Buffer.from(encoded, 'base64');
      return { id, bytes, wellFormed: bytes.length === 32 && bytes.toString('base64') === encoded };
    });
    keys.forEach(({ id, bytes, wellFormed }, at) => {
      const fault = (text: string) => context.addIssue(`entry ${at + 1} ${text}`);
      if (!wellFormed)
        return fault('must be id:key, the id 1 to 32 letters, digits and ._-, the key 32 bytes in base64');
      const before = keys.slice(0, at).filter((each) => each.wellFormed);
      if (before.some((each) => each.id === id)) fault('has the id of an earlier one');
      if (before.some((each) => each.bytes.equals(bytes))) fault('holds the same key as an earlier one');
    });
    return keys.flatMap(({ id, bytes, wellFormed }) =>
      wellFormed ? [{ id, key: createSecretKey(bytes) }] : [],
    );
  });

/** Reads what ENCRYPTION_KEYS may hold, which is also the form in which keys are kept in a file. */
export const parseEncryptionKeys = (text: string) => encryptionKeys.safeParse(text);

const choice = <const T extends readonly string[]>(options: T) =>
  z.enum(options, `must be one of ${options.join(', ')}`);

/** Every variable that is read, in the order in which the README lists them (behaviour 1.3). */
export const variables = {
  PORT: { fallback: '4000', meaning: 'The port to listen on; 0 takes a free one', schema: port },
  HOST: { fallback: '127.0.0.1', meaning: 'The address to listen on', schema: host },
  PUBLIC_URL: {
    fallback: 'the address it listens on',
    meaning: 'The address that people and agents reach it at, used in links',
    schema: baseUrl,
  },
  CORS_ORIGINS: {
    fallback: 'none',
    meaning: 'Other origins whose pages may call the API, separated by commas',
    schema: origins,
  },
  DATABASE_URL: {
    fallback: 'an embedded database in `DATA_DIR`',
    meaning: 'A PostgreSQL database',
    secret: true,
    schema: postgresUrl,
  },
  DATA_DIR: {
    fallback: './data',
    meaning: 'The folder of the embedded database; `memory://` keeps nothing',
    schema: z
      .string()
      .refine(
        (text) => !/^(?!memory:\/\/$)[a-z][a-z0-9+.-]*:\/\//i.test(text),
        'must be a folder or memory://',
      ),
  },
  ADMIN_API_KEY: {
    fallback: 'made and printed at the first start',
    meaning: "The bootstrap admin's key; a new value revokes the old one",
    secret: true,
    schema: adminKey,
  },
  ENCRYPTION_KEYS: {
    fallback: 'made and kept in `DATA_DIR`; required in production with `DATABASE_URL`',
    meaning:
      'The keys to what is secret in the database, `id:key` separated by commas, each key 32 bytes in base64: the first encrypts, all decrypt',
    secret: true,
    schema: encryptionKeys,
  },
  LOG_LEVEL: {
    fallback: 'info',
    meaning: 'The least that is logged: fatal, error, warn, info, debug, trace or silent',
    schema: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
  },
  NODE_ENV: {
    fallback: 'development',
    meaning: 'production turns off GraphiQL and suggestions; else development or test',
    schema: choice(['production', 'development', 'test']),
  },
  METRICS_TOKEN: {
    fallback: '`/metrics` is open',
    meaning: 'The bearer token that `/metrics` asks for',
    secret: true,
    schema: token,
  },
  OIDC_ISSUER: {
    fallback: 'API keys alone',
    meaning: 'The OpenID Connect issuer whose tokens are accepted',
    schema: issuer,
  },
  OIDC_AUDIENCE: {
    fallback: 'required with `OIDC_ISSUER`',
    meaning: 'The audience that tokens must be made for',
    schema: z.string(),
  },
  OIDC_ROLE_CLAIM: {
    fallback: 'role',
    meaning: 'The claim holding the role or roles; dots reach inside',
    schema: claim,
  },
  OIDC_PROJECT_CLAIM: {
    fallback: 'project',
    meaning: "The claim holding the project's id, or `*` for every project; dots reach inside",
    schema: claim,
  },
  PROCESS_ROLES: {
    fallback: 'api,worker',
    meaning: 'What this process does: api serves requests, worker drives sessions and deliveries',
    schema: processRoles,
  },
  HTTP_RUNNERS: {
    fallback: 'none',
    meaning:
      'Agent runners reached over HTTP, as JSON: `{"name": {"url": "…", "secret": "…"}}`; while a secret is being changed, `previousSecret` signs as well',
    secret: true,
    schema: httpRunners,
  },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof variables;

/** A name with one of these beginnings that is not a variable is a slip of the pen, not somebody else's. */
export const ownPrefixes = [
  'OIDC_',
  'HTTP_RUNNER',
  'HOLDPOINT',
  'CORS_ORIGIN',
  'ADMIN_API_KEY',
  'ENCRYPTION_KEY',
  'PROCESS_ROLE',
] as const;

/** The rows of the README's configuration table, in Markdown. */
export function renderConfigurationTable(): string {
  const rows = Object.entries(variables as Record<string, Variable>).map(([name, variable]) => {
    const file = variable.secret ? `, \`${name}_FILE\`` : '';
    const unit = variable.unit === undefined ? '' : ` (${variable.unit})`;
    return `| \`${name}\`${file} | ${variable.fallback} | ${variable.meaning}${unit} |`;
  });
  return ['| Variable | Default | Meaning |', '| --- | --- | --- |', ...rows].join('\n');
}
