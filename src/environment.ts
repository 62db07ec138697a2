// Longer than most files, as it is one table: what may stand in the environment, and how each value must look.
import { z } from 'zod';
import {
  aiPrices,
  encryptionKeys,
  httpRunners,
  isHttp,
  listOf,
  otlpHeaders,
  parseUrl,
} from './environment-values.ts';
import {
  accountSid,
  authToken,
  botToken,
  mailbox,
  slackSecret,
  twilioFrom,
} from './notifications/variables.ts';
import { exampleNames } from './supervision/from-environment.ts';

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

const names = z
  .string()
  .transform(listOf)
  .refine(
    (items) => items.every((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)),
    'must be names of environment variables separated by commas',
  )
  .refine(
    (items) => items.every((name) => !isOwn(name) || exampleNames.some((known) => known === name)),
    "must not name one of this server's own variables: whoever writes a configuration would read it",
  );

const smtpUrl = z.string().refine((text) => {
  const url = parseUrl(text);
  return (url?.protocol === 'smtp:' || url?.protocol === 'smtps:') && url.hostname !== '';
}, 'must be a mail server such as smtps://user:password@mail.example.com');

const httpAddress = z.string().refine((text) => isHttp(parseUrl(text)), 'must be an http(s) address');
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

const choice = <const T extends readonly string[]>(options: T) =>
  z.enum(options, `must be one of ${options.join(', ')}`);

/** Every variable that is read, in the order in which the README lists them (behaviour 1.3). */
export const variables = {
  PORT: { fallback: '4000', meaning: 'The port to listen on; 0 takes a free one', schema: port },
  HOST: { fallback: '127.0.0.1', meaning: 'The address to listen on', schema: host },
  PUBLIC_URL: {
    fallback: 'the address it listens on; required where `HOST` is 0.0.0.0 or ::',
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
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    fallback: 'no traces',
    meaning: 'The OpenTelemetry collector that traces are sent to, OTLP over HTTP: `/v1/traces` is appended',
    schema: baseUrl,
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    fallback: 'none',
    meaning:
      'Headers for the collector, such as its credential: `key=value` separated by commas, values percent-encoded',
    secret: true,
    schema: otlpHeaders,
  },
  OTEL_SERVICE_NAME: {
    fallback: 'holdpoint',
    meaning: 'What traces call this service',
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable ASCII characters without spaces'),
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
  OIDC_CLIENT_ID: {
    fallback: 'nobody signs in at the workstation by the issuer',
    meaning:
      "The workstation's client at the issuer, for the code flow with PKCE; its redirect URI is `PUBLIC_URL/sign-in/callback`, and its ID tokens carry the claims above",
    schema: z.string().regex(/^[\x21-\x7e]{1,512}$/, 'must be 1 to 512 printable ASCII characters'),
  },
  OIDC_CLIENT_SECRET: {
    fallback: 'a public client',
    meaning: "The client's secret, where the issuer gave it one",
    secret: true,
    schema: z.string().regex(/^[\x20-\x7e]{1,1024}$/, 'must be 1 to 1024 printable ASCII characters'),
  },
  PROCESS_ROLES: {
    fallback: 'api,worker',
    meaning: 'What this process does: api serves requests, worker drives sessions and deliveries',
    schema: processRoles,
  },
  SUPERVISION_ENV: {
    fallback: 'none',
    meaning:
      "Names of environment variables that teams' supervision configurations may read as `${NAME}`, separated by commas",
    schema: names,
  },
  SMTP_URL: {
    fallback: 'no email is sent',
    meaning: 'The mail server that notifications go through, smtp:// or smtps://',
    secret: true,
    schema: smtpUrl,
  },
  SMTP_FROM: {
    fallback: 'required with `SMTP_URL`',
    meaning: 'Whom emails are from: an address, or `Name <address>`',
    schema: mailbox,
  },
  SLACK_BOT_TOKEN: {
    fallback: 'nothing is written to `slack_channel`',
    meaning: "The token of a Slack app's bot, with chat:write, that notifications are written by",
    secret: true,
    schema: botToken,
  },
  SLACK_SIGNING_SECRET: {
    fallback: "the bot's messages have no buttons",
    meaning: 'What Slack signs clicks with: opens `POST /slack/actions`',
    secret: true,
    schema: slackSecret,
  },
  SLACK_WEBHOOK_URL: {
    fallback: 'none',
    meaning:
      'The incoming webhook of slack channels that name neither `slack_channel` nor `webhook_url`; configurations may read it',
    secret: true,
    schema: httpAddress,
  },
  SLACK_API_URL: {
    fallback: 'https://slack.com/api',
    meaning: "Where Slack's API is: another one for GovSlack, or behind a proxy",
    schema: baseUrl,
  },
  TWILIO_ACCOUNT_SID: {
    fallback: 'no text message is sent',
    meaning: 'The Twilio account that text messages go through',
    schema: accountSid,
  },
  TWILIO_AUTH_TOKEN: {
    fallback: 'required with `TWILIO_ACCOUNT_SID`',
    meaning: "The account's token",
    secret: true,
    schema: authToken,
  },
  TWILIO_FROM: {
    fallback: 'required with `TWILIO_ACCOUNT_SID`',
    meaning: 'Whom text messages are from: a number, a short code, a name or a messaging service',
    schema: twilioFrom,
  },
  TWILIO_API_URL: {
    fallback: 'https://api.twilio.com',
    meaning: "Where Twilio's API is: another one for an edge or a region",
    schema: baseUrl,
  },
  ALLOW_PRIVATE_ADDRESSES: {
    fallback: 'no',
    meaning:
      "yes lets teams' webhooks, Slack's too, and the tools of the ai runner's agents reach addresses of private networks and of this machine",
    schema: choice(['yes', 'no']),
  },
  HTTP_RUNNERS: {
    fallback: 'none',
    meaning:
      'Agent runners reached over HTTP, as JSON: `{"name": {"url": "…", "secret": "…"}}`; while a secret is being changed, `previousSecret` signs as well',
    secret: true,
    schema: httpRunners,
  },
  OPENAI_API_KEY: {
    fallback: 'there is no runner `ai`',
    meaning: 'The key to the model endpoint of the runner `ai`; an endpoint that wants none takes any',
    secret: true,
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{1,1024}$/, 'must be 1 to 1024 printable ASCII characters without spaces'),
  },
  OPENAI_BASE_URL: {
    fallback: 'https://api.openai.com/v1',
    meaning:
      'The OpenAI-compatible endpoint that the runner `ai` asks, up to what comes before `/chat/completions`',
    schema: baseUrl,
  },
  AI_PRICES: {
    fallback: 'none; an agent then brings an estimate',
    meaning:
      'What a million tokens of each model cost in dollars, as JSON: `{"model": {"input": "2.50", "output": "10"}}`',
    schema: aiPrices,
  },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof variables;

/** Of this server, as it is or with its value in a file. A function: the table that it looks into is made later. */
function isOwn(name: string): boolean {
  return name.replace(/_FILE$/, '') in variables;
}

/** A name with one of these beginnings that is not a variable is a slip of the pen, not somebody else's. */
export const ownPrefixes = [
  'PUBLIC_URL',
  'CORS_ORIGIN',
  'DATABASE_URL',
  'DATA_DIR',
  'ADMIN_API_KEY',
  'ENCRYPTION_KEY',
  'LOG_LEVEL',
  'METRICS_TOKEN',
  'OIDC_',
  'PROCESS_ROLE',
  'SUPERVISION_ENV',
  'ALLOW_PRIVATE',
  'SLACK_BOT_',
  'SLACK_SIGNING_',
  'SLACK_WEBHOOK_',
  'SLACK_API_',
  'TWILIO_',
  'HTTP_RUNNER',
  'AI_PRICE',
  'HOLDPOINT',
] as const;

/** Begins like one of ours, and is set by hosts of PostgreSQL beside the DATABASE_URL that goes through their pooler. */
export const othersNames: ReadonlySet<string> = new Set([
  'DATABASE_URL_UNPOOLED',
  // Of agents (examples/, npm run mcp), which are started in the same shell.
  'HOLDPOINT_URL',
  'HOLDPOINT_TOKEN',
  'HOLDPOINT_TEAM',
]);

/** The rows of the README's configuration table, in Markdown. */
export function renderConfigurationTable(): string {
  const rows = Object.entries(variables as Record<string, Variable>).map(([name, variable]) => {
    const file = variable.secret ? `, \`${name}_FILE\`` : '';
    const unit = variable.unit === undefined ? '' : ` (${variable.unit})`;
    return `| \`${name}\`${file} | ${variable.fallback} | ${variable.meaning}${unit} |`;
  });
  return ['| Variable | Default | Meaning |', '| --- | --- | --- |', ...rows].join('\n');
}
