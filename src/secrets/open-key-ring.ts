import { type Config, ConfigError } from '../config.ts';
import { IN_MEMORY } from '../database/embedded.ts';
import type { Database } from '../database/open.ts';
import { assertNever } from '../kernel/assert-never.ts';
import type { Log } from '../kernel/log.ts';
import { keyFileOf, makeKey, makeKeyFile, readKeyFile, readKeyFileAgain } from './key-file.ts';
import { CannotOpen, createKeyRing, type KeyRing } from './key-ring.ts';

/** Something sealed that the product cannot do without: `name` is what a message calls it. */
export interface SealedItem {
  name: string;
  sealed: unknown;
  place: string;
}

export interface KeyRingDeps {
  config: Pick<Config, 'database' | 'encryption'>;
  database: Pick<Database, 'kind'>;
  log: Log;
  /** What must open, as it is stored. */
  sealed: () => Promise<readonly SealedItem[]>;
}

/**
 * The keys that are configured, else those kept in the data directory, made there by the first start (behaviour 1.9).
 * Throws ConfigError where what is stored needs a key that is not among them, before anything is written: a start that
 * went on with another key would leave data behind that no one key opens.
 */
export async function openKeyRing(deps: KeyRingDeps): Promise<KeyRing> {
  const { config, database, log } = deps;
  const { dataDirectory } = config.database;
  const sealed = await deps.sealed();
  const inMemory = dataDirectory === IN_MEMORY;
  const file = keyFileOf(dataDirectory);
  const given = config.encryption.keys ?? (inMemory ? null : await readKeyFile(file));
  const source = config.encryption.keys !== null || inMemory ? '' : `as kept in ${file} `;
  if (given === null) assertOpens(null, sealed, source);
  const keyRing = createKeyRing(
    given ?? (inMemory ? makeKey().keys : await makeKeyFile(dataDirectory)),
    config.encryption.keys === null && !inMemory ? () => readKeyFileAgain(file) : undefined,
  );
  assertOpens(keyRing, sealed, source);
  if (config.encryption.keys === null && database.kind === 'postgres')
    log.warn(
      { file },
      'ENCRYPTION_KEYS is not set: every replica must share this file, and backups of the database need it',
    );
  return keyRing;
}

/** The keys that are configured or kept in the data directory, to check with: none is made. Null: there are none. */
export async function keyRingAtHand({
  encryption,
  database,
}: KeyRingDeps['config']): Promise<KeyRing | null> {
  const { dataDirectory } = database;
  const kept = () => (dataDirectory === IN_MEMORY ? null : readKeyFile(keyFileOf(dataDirectory)));
  const keys = encryption.keys ?? (await kept());
  return keys === null ? null : createKeyRing(keys);
}

/** Throws ConfigError naming each key that is at fault once, with the first thing that needs it. */
export function assertOpens(keyRing: KeyRing | null, sealed: readonly SealedItem[], source = ''): void {
  const faults = new Map<string | null, string>();
  for (const { name, sealed: value, place } of sealed) {
    try {
      if (keyRing === null) throw new CannotOpen('missing', kidOf(value));
      keyRing.open(value, place);
    } catch (error) {
      if (!(error instanceof CannotOpen)) throw error;
      if (!faults.has(error.kid)) faults.set(error.kid, source + describe(error, name));
    }
  }
  if (faults.size === 0) return;
  throw new ConfigError([...faults.values()].map((message) => ({ variable: 'ENCRYPTION_KEYS', message })));
}

function kidOf(value: unknown): string | null {
  const kid = (value as { kid?: unknown } | null)?.kid;
  return typeof kid === 'string' ? kid : null;
}

function describe({ reason, kid }: CannotOpen, name: string): string {
  const key = JSON.stringify(kid);
  switch (reason) {
    case 'missing':
      return `lacks the key ${key}, which ${name} is encrypted with`;
    case 'refused':
      return `does not open ${name} with the key ${key}: it is another key, or what is stored was changed`;
    case 'malformed':
      return `can't open ${name}: what is stored is not an encrypted value`;
    default:
      return assertNever(reason);
  }
}
