import { createSecretKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

// Values of the environment that hold several things, and what they have in common with the rest: environment.ts has the
// table.

export function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

export const isHttp = (url: URL | null): url is URL =>
  url?.protocol === 'http:' || url?.protocol === 'https:';

export const listOf = (text: string): string[] => text.split(',').map((item) => item.trim());

const SECRET = 'must be a text of at least 16 characters';
const runner = z.strictObject(
  {
    url: z
      .string('must be an http(s) address')
      .refine((text) => isHttp(parseUrl(text)), 'must be an http(s) address'),
    secret: z.string(SECRET).min(16, SECRET),
    previousSecret: z.string(SECRET).min(16, SECRET).optional(),
  },
  'must be an object of url, secret and, where it is given, previousSecret, and nothing else',
);

const RESERVED_RUNNERS = new Set(['external', 'scripted', 'ai']);

export const httpRunners = z
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
        .refine((name) => !RESERVED_RUNNERS.has(name), 'external, scripted and ai are runners already'),
      runner,
      'must be a JSON object of runners by name',
    ),
  );

const PRICE = 'must be dollars with at most four places, as text';
const price = z.string(PRICE).regex(/^\d{1,9}(\.\d{1,4})?$/, PRICE);

export const aiPrices = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('must be JSON: {"model": {"input": "2.50", "output": "10"}}');
      return z.NEVER;
    }
  })
  .pipe(
    z.record(
      z.string().min(1, 'a model has a name'),
      z.strictObject(
        { input: price, output: price },
        'must be an object of input and output, and nothing else',
      ),
      'must be a JSON object of prices by model',
    ),
  );

/** As OpenTelemetry's specification has it: `key=value` separated by commas, values percent-encoded. */
export const otlpHeaders = z.string().transform((text, context) => {
  const headers: Record<string, string> = {};
  for (const [at, entry] of listOf(text).entries()) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(\S.*)$/.exec(entry) ?? [];
    const decoded = name === undefined ? null : decodedOrNull(value!);
    if (decoded === null || !/^[\x20-\x7e]+$/.test(decoded)) {
      context.addIssue(`entry ${at + 1} must be key=value, the value percent-encoded`);
      return z.NEVER;
    }
    headers[name!.toLowerCase()] = decoded;
  }
  return headers;
});

function decodedOrNull(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** An entry of ENCRYPTION_KEYS. As an object that shows nothing of itself, wherever it is printed. */
export interface EncryptionKey {
  id: string;
  key: KeyObject;
}

const ENCRYPTION_KEY = /^([\w.-]{1,32}):([A-Za-z0-9+/]{43}=)$/;

/** Faults name the entry by its place alone: what stands where an id belongs may be a key. */
export const encryptionKeys = z
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
