import fs from 'node:fs';
import type { z } from 'zod';
import { type EncryptionKey } from './environment-values.ts';
import { othersNames, ownPrefixes, type Variable, type VariableName, variables } from './environment.ts';
import { type SupervisionEnvironment, supervisionEnvironment } from './supervision/from-environment.ts';

type Values = { [Name in VariableName]?: z.output<(typeof variables)[Name]['schema']> };
type Environment = Readonly<Record<string, string | undefined>>;

export interface Config {
  readonly server: {
    readonly host: string;
    readonly port: number;
    /** Without a slash at its end. Null: the address that the server finds itself listening on. */
    readonly publicUrl: string | null;
    readonly corsOrigins: readonly string[];
  };
  /** `url` null: the embedded database, in `dataDirectory`. */
  readonly database: { readonly url: string | null; readonly dataDirectory: string };
  readonly admin: { readonly apiKey: string | null };
  /** The first encrypts. Null: made by the first start, and kept in the data directory. */
  readonly encryption: { readonly keys: readonly EncryptionKey[] | null };
  /** Null: API keys alone. */
  readonly oidc: OidcConfig | null;
  readonly metrics: { readonly token: string | null };
  /** Null: no traces are recorded. */
  readonly tracing: TracingConfig | null;
  readonly processRoles: { readonly api: boolean; readonly worker: boolean };
  /** Runners that `createSession` may name, beside those built in. */
  readonly runners: Readonly<
    Record<string, { readonly url: string; readonly secret: string; readonly previousSecret?: string }>
  >;
  /** Null: there is no runner `ai`. Prices are dollars for a million tokens, by model. */
  readonly ai: {
    readonly apiKey: string;
    readonly baseUrl: string;
    readonly prices: Readonly<Record<string, { readonly input: string; readonly output: string }>>;
    /** Tools may be on private networks and on this machine. */
    readonly allowPrivate: boolean;
  } | null;
  readonly notifications: {
    /** Null: no email is sent. */
    readonly mail: { readonly url: string; readonly from: string } | null;
    /** Null: nothing is written by a bot. `signingSecret` null: its messages have no buttons. */
    readonly slack: {
      readonly token: string;
      readonly apiUrl: string;
      readonly signingSecret: string | null;
    } | null;
    /** Null: no text message is sent. */
    readonly twilio: {
      readonly accountSid: string;
      readonly authToken: string;
      readonly from: string;
      readonly apiUrl: string;
    } | null;
    /** Webhooks may reach private addresses (behaviour 8.3). */
    readonly allowPrivate: boolean;
  };
  /** What supervision configurations may read (behaviour 8.3). */
  readonly supervision: { readonly environment: SupervisionEnvironment };
  readonly log: { readonly level: string };
  readonly production: boolean;
}

export interface TracingConfig {
  /** Without a slash at its end; `/v1/traces` comes behind it. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
}

export interface OidcConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly roleClaim: string;
  readonly projectClaim: string;
  /** What people sign in with a browser through. Null: the issuer's tokens are accepted, and that is all. */
  readonly client: { readonly id: string; readonly secret: string | null } | null;
}

export interface Fault {
  variable: string;
  message: string;
}

/** The environment can't be used: every bad variable is named at once, no value is repeated (behaviour 1.4). */
export class ConfigError extends Error {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(
      ['The configuration is not usable:', ...faults.map((f) => `  ${f.variable} ${f.message}`)].join('\n'),
    );
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** Reads the environment, and the files that NAME_FILE variables point to. Throws ConfigError with all faults. */
export function readConfig(
  env: Environment = process.env,
  files: { readFileSync(path: string, encoding: 'utf8'): string } = fs,
): Config {
  const faults: Fault[] = [...unknownNames(env)];
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(variables as Record<string, Variable>)) {
    const text = textOf(name, variable, env, files, faults);
    if (text === null) continue;
    const parsed = variable.schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else faults.push({ variable: name, message: describe(parsed.error) });
  }
  faults.push(...contradictions(env));
  if (faults.length > 0) throw new ConfigError(faults);
  return deepFreeze(arrange(values as Values, env));
}

function arrange(values: Values, env: Environment): Config {
  const processRoles = values.PROCESS_ROLES ?? ['api', 'worker'];
  return {
    server: {
      host: values.HOST ?? '127.0.0.1',
      port: values.PORT ?? 4000,
      publicUrl: values.PUBLIC_URL ?? null,
      corsOrigins: values.CORS_ORIGINS ?? [],
    },
    database: { url: values.DATABASE_URL ?? null, dataDirectory: values.DATA_DIR ?? './data' },
    admin: { apiKey: values.ADMIN_API_KEY ?? null },
    encryption: { keys: values.ENCRYPTION_KEYS ?? null },
    oidc:
      values.OIDC_ISSUER === undefined || values.OIDC_AUDIENCE === undefined
        ? null
        : {
            issuer: values.OIDC_ISSUER,
            audience: values.OIDC_AUDIENCE,
            roleClaim: values.OIDC_ROLE_CLAIM ?? 'role',
            projectClaim: values.OIDC_PROJECT_CLAIM ?? 'project',
            client:
              values.OIDC_CLIENT_ID === undefined
                ? null
                : { id: values.OIDC_CLIENT_ID, secret: values.OIDC_CLIENT_SECRET ?? null },
          },
    metrics: { token: values.METRICS_TOKEN ?? null },
    tracing:
      values.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
        ? null
        : {
            endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
            headers: values.OTEL_EXPORTER_OTLP_HEADERS ?? {},
            serviceName: values.OTEL_SERVICE_NAME ?? 'holdpoint',
          },
    processRoles: { api: processRoles.includes('api'), worker: processRoles.includes('worker') },
    runners: values.HTTP_RUNNERS ?? {},
    ai:
      values.OPENAI_API_KEY === undefined
        ? null
        : {
            apiKey: values.OPENAI_API_KEY,
            baseUrl: values.OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
            prices: values.AI_PRICES ?? {},
            allowPrivate: values.ALLOW_PRIVATE_ADDRESSES === 'yes',
          },
    notifications: {
      mail:
        values.SMTP_URL === undefined || values.SMTP_FROM === undefined
          ? null
          : { url: values.SMTP_URL, from: values.SMTP_FROM },
      slack: slackOf(values),
      twilio: twilioOf(values),
      allowPrivate: values.ALLOW_PRIVATE_ADDRESSES === 'yes',
    },
    supervision: {
      environment: supervisionEnvironment(values.SUPERVISION_ENV ?? [], {
        ...env,
        // It may have come from a file.
        SLACK_WEBHOOK_URL: values.SLACK_WEBHOOK_URL,
      }),
    },
    log: { level: values.LOG_LEVEL ?? 'info' },
    production: values.NODE_ENV === 'production',
  };
}

const slackOf = (values: Values): Config['notifications']['slack'] =>
  values.SLACK_BOT_TOKEN === undefined
    ? null
    : {
        token: values.SLACK_BOT_TOKEN,
        apiUrl: values.SLACK_API_URL ?? 'https://slack.com/api',
        signingSecret: values.SLACK_SIGNING_SECRET ?? null,
      };

const twilioOf = ({
  TWILIO_ACCOUNT_SID: accountSid,
  TWILIO_AUTH_TOKEN: authToken,
  TWILIO_FROM: from,
  TWILIO_API_URL: apiUrl = 'https://api.twilio.com',
}: Values): Config['notifications']['twilio'] =>
  accountSid === undefined || authToken === undefined || from === undefined
    ? null
    : { accountSid, authToken, from, apiUrl };

/** The variable's text, from itself or its file. An empty one is a fault: it would silently mean the default. */
function textOf(
  name: string,
  variable: Variable,
  env: Environment,
  files: { readFileSync(path: string, encoding: 'utf8'): string },
  faults: Fault[],
): string | null {
  const direct = env[name];
  const path = variable.secret ? env[`${name}_FILE`] : undefined;
  if (direct !== undefined && path !== undefined) {
    faults.push({ variable: name, message: `is given twice: as itself and as ${name}_FILE` });
    return null;
  }
  if (path === undefined) {
    if (direct !== '' || name === 'CORS_ORIGINS') return direct ?? null;
    faults.push({ variable: name, message: 'is empty: leave it out, or give it a value' });
    return null;
  }
  try {
    // Files written by hand or by an editor end in a line break that is no part of the secret.
    const text = files.readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    if (text !== '') return text;
    faults.push({ variable: `${name}_FILE`, message: 'names an empty file' });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    faults.push({ variable: `${name}_FILE`, message: `names a file that can't be read (${code})` });
  }
  return null;
}

function unknownNames(env: Environment): Fault[] {
  const known = new Set(
    Object.entries(variables as Record<string, Variable>).flatMap(([name, variable]) =>
      variable.secret ? [name, `${name}_FILE`] : [name],
    ),
  );
  return Object.keys(env)
    .filter(
      (name) =>
        !known.has(name) && !othersNames.has(name) && ownPrefixes.some((prefix) => name.startsWith(prefix)),
    )
    .map((variable) => ({ variable, message: 'is not a variable of Holdpoint' }));
}

function contradictions(env: Environment): Fault[] {
  const given = (name: string) => env[name] !== undefined;
  return [
    ...unnamedHost(env),
    ...unkeptKeys(env, given),
    ...oidcContradictions(given),
    ...goingWith(given, 'OIDC_CLIENT_ID', { meansNothing: ['OIDC_CLIENT_SECRET'] }),
    ...mailContradictions(given),
    ...goingWith(given, 'SLACK_BOT_TOKEN', { meansNothing: ['SLACK_SIGNING_SECRET', 'SLACK_API_URL'] }),
    ...goingWith(given, 'TWILIO_ACCOUNT_SID', {
      required: ['TWILIO_AUTH_TOKEN', 'TWILIO_FROM'],
      meansNothing: ['TWILIO_AUTH_TOKEN', 'TWILIO_FROM', 'TWILIO_API_URL'],
    }),
    ...goingWith(given, 'OPENAI_API_KEY', { meansNothing: ['OPENAI_BASE_URL', 'AI_PRICES'] }),
  ];
}

/** With a database elsewhere, keys that one machine made are lost with it, and another replica has others. */
function unkeptKeys(env: Environment, given: (name: string) => boolean): Fault[] {
  const eitherWay = (name: string) => given(name) || given(`${name}_FILE`);
  if (!eitherWay('DATABASE_URL') || eitherWay('ENCRYPTION_KEYS')) return [];
  const fault = (message: string) => [{ variable: 'ENCRYPTION_KEYS', message }];
  if (env.NODE_ENV === 'production') return fault('is required in production with DATABASE_URL');
  if (env.DATA_DIR !== 'memory://') return [];
  return fault('is required with DATABASE_URL where DATA_DIR is memory://, which could not keep any');
}

/** Listening on every address says nothing of what the server is called, and only what it is called is answered. */
function unnamedHost(env: Environment): Fault[] {
  const everywhere = env.HOST === '0.0.0.0' || env.HOST === '::';
  if (!everywhere || env.PUBLIC_URL !== undefined) return [];
  return [{ variable: 'PUBLIC_URL', message: `is required where HOST is ${env.HOST}` }];
}

function mailContradictions(given: (name: string) => boolean): Fault[] {
  const server = given('SMTP_URL') || given('SMTP_URL_FILE');
  if (server === given('SMTP_FROM')) return [];
  return server
    ? [{ variable: 'SMTP_FROM', message: 'is required with SMTP_URL' }]
    : [{ variable: 'SMTP_FROM', message: 'means nothing without SMTP_URL' }];
}

/** What is required with a variable, and what means nothing without it. */
function goingWith(
  given: (name: string) => boolean,
  leader: VariableName,
  { required = [], meansNothing }: { required?: VariableName[]; meansNothing: VariableName[] },
): Fault[] {
  const eitherWay = (name: string) => given(name) || given(`${name}_FILE`);
  return eitherWay(leader)
    ? required
        .filter((name) => !eitherWay(name))
        .map((variable) => ({ variable, message: `is required with ${leader}` }))
    : meansNothing
        .filter(eitherWay)
        .map((variable) => ({ variable, message: `means nothing without ${leader}` }));
}

function oidcContradictions(given: (name: string) => boolean): Fault[] {
  if (given('OIDC_ISSUER')) {
    return given('OIDC_AUDIENCE')
      ? []
      : [{ variable: 'OIDC_AUDIENCE', message: 'is required with OIDC_ISSUER' }];
  }
  return (['OIDC_AUDIENCE', 'OIDC_ROLE_CLAIM', 'OIDC_PROJECT_CLAIM', 'OIDC_CLIENT_ID'] as const)
    .filter(given)
    .map((variable) => ({ variable, message: 'means nothing without OIDC_ISSUER' }));
}

function describe(error: z.ZodError): string {
  return error.issues
    .map((issue) => {
      const text =
        'issues' in issue && Array.isArray(issue.issues)
          ? (issue.issues[0]?.message ?? issue.message)
          : issue.message;
      // Places in a list are counted as people count them.
      const path = issue.path.map((step) => (typeof step === 'number' ? `entry ${step + 1}` : String(step)));
      return path.length === 0 ? text : `(${path.join('.')}) ${text}`;
    })
    .join('; ');
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const item of Object.values(value)) deepFreeze(item);
  return Object.freeze(value);
}
