import type { JSONWebKeySet, JWK } from 'jose';
import type { KeyObject } from 'node:crypto';
import { isUnavailable } from '../database/faults.ts';
import type { Signals } from '../database/signals.ts';
import type { SigningKey } from '../generated/prisma/client.ts';
import { addSeconds } from '../kernel/clock.ts';
import { Lane } from '../kernel/lane.ts';
import type { Log } from '../kernel/log.ts';
import { CannotOpen } from '../secrets/key-ring.ts';
import { assertOpens } from '../secrets/open-key-ring.ts';
import { openPrivateKey, sealedItemOf } from './key-pair.ts';
import { readSigningKeys } from './queries.ts';
import { type RenewDeps, renewSigningKeys, SIGNING_KEYS_CHANGED } from './renew.ts';
import { type SigningTimes, signingAt } from './rules.ts';

/** Seconds between two looks at what other replicas did, and at what is due. The signal between them is a hint. */
const LOOK_EVERY = 10;

/** The keys that permits are signed with, the same ones in every replica. */
export interface SigningKeys {
  /** Makes the first key where there is none, and renews them from then on. Throws ConfigError where one can't be opened. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The key that signs now. */
  signer(): Promise<{ kid: string; key: KeyObject }>;
  /** What is published: as stored after this was called, so that no key that has signed is missing on any replica. */
  publicKeys(): Promise<JSONWebKeySet>;
  /** The same from memory where a key of this name is among them, else read anew. */
  publicKeysWith(kid: string): Promise<JSONWebKeySet>;
}

interface Deps extends Omit<RenewDeps, 'database'> {
  database: RenewDeps['database'] & { signals: Signals };
  log: Log;
}

interface Opened extends SigningTimes {
  publicJwk: JWK;
  key: KeyObject;
}

export function createSigningKeys(deps: Deps): SigningKeys {
  const { database, clock, log, keyRing } = deps;
  const undo: (() => void)[] = [];
  let known: Opened[] = [];
  let disarm = () => {};
  let looking: Promise<void> | null = null;
  let stopped = false;

  /** One read at a time, which began after everyone who shares it had asked. */
  const reads = new Lane<null, Opened[]>(async (askers) => {
    known = (await readSigningKeys(database.prisma)).flatMap((row) => open(row) ?? []);
    return askers.map(() => ({ status: 'fulfilled', value: known }));
  });

  /** A key is opened once. One that the ring did not seal like this is nobody's: it neither signs nor is published. */
  function open(row: SigningKey): Opened | null {
    const { id, signsFrom, signsUntil } = row;
    const before = known.find((each) => each.id === id);
    if (before !== undefined) return { ...before, signsFrom, signsUntil };
    try {
      const key = openPrivateKey(keyRing, row);
      return { id, signsFrom, signsUntil, publicJwk: row.publicJwk as JWK, key };
    } catch (error) {
      if (!(error instanceof CannotOpen)) throw error;
      log.error({ err: error, signingKey: id }, 'a signing key can not be opened, and is left out');
      return null;
    }
  }

  async function read(): Promise<Opened[]> {
    try {
      return await reads.submit(null);
    } catch (error) {
      if (known.length === 0 || !isUnavailable(error)) throw error;
      return known;
    }
  }

  function look(): void {
    disarm();
    looking ??= renewSigningKeys(deps, 'due')
      .then(() => read())
      .catch((error: unknown) => {
        if (isUnavailable(error)) log.debug({ err: error }, 'the signing keys could not be read');
        else log.error({ err: error }, 'the signing keys could not be renewed');
      })
      .then(() => {
        looking = null;
        if (!stopped) disarm = clock.at(addSeconds(clock.now(), LOOK_EVERY), look);
      });
  }

  return {
    async start() {
      await renewSigningKeys(deps, 'due');
      // Another replica may have made the key meanwhile, and with another encryption key.
      assertOpens(keyRing, (await readSigningKeys(database.prisma)).map(sealedItemOf));
      await read();
      undo.push(database.signals.on(SIGNING_KEYS_CHANGED, () => void read().catch(() => {})));
      undo.push(database.signals.onReconnect(look));
      disarm = clock.at(addSeconds(clock.now(), LOOK_EVERY), look);
    },
    async stop() {
      stopped = true;
      for (const each of undo.splice(0)) each();
      disarm();
      await looking;
    },
    async signer() {
      const found = signingAt(known, clock.now()) ?? signingAt(await read(), clock.now());
      if (found === null) throw new Error('there is no signing key');
      return { kid: found.id, key: found.key };
    },
    publicKeys: async () => published(await read()),
    publicKeysWith: async (kid) => published(known.some(({ id }) => id === kid) ? known : await read()),
  };
}

const published = (keys: readonly Opened[]): JSONWebKeySet => ({
  keys: keys.map(({ publicJwk }) => publicJwk),
});
