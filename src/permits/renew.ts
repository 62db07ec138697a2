import type { Signals } from '../database/signals.ts';
import { transact, type Tx } from '../database/transact.ts';
import { appendEvents, type NewEvent } from '../events/append.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { systemActor } from '../identity/viewer.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { makeKeyPair } from './key-pair.ts';
import { readSigningKeys } from './queries.ts';
import { changesNothing, decideRenewal, type Renewal, type RenewalWish } from './rules.ts';

export interface RenewDeps {
  database: { prisma: PrismaClient; signals: Pick<Signals, 'send'> };
  clock: Clock;
  ids: Ids;
  keyRing: KeyRing;
  /** Say that events were committed. */
  committed: () => void;
}

/** Replicas that find the same thing to do at once do it one after the other; the second finds it done. */
const LOCK = [0x686f6c64, 2] as const;
export const SIGNING_KEYS_CHANGED = 'signing-keys';

/** Makes, retires and withdraws signing keys as the rules have it. Returns what was changed; null for nothing. */
export async function renewSigningKeys(deps: RenewDeps, wish: RenewalWish): Promise<Renewal | null> {
  const { database, clock, ids, keyRing } = deps;
  if (changesNothing(decideRenewal(await readSigningKeys(database.prisma), wish, clock.now()))) return null;
  // Before the transaction, which must await nothing else; where it turns out not to be needed, it is dropped.
  const made = await makeKeyPair(keyRing, ids.next('signkey'));
  const renewal = await transact(database, 'renew the signing keys', async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK[0]}::int, ${LOCK[1]}::int)`;
    const now = clock.now();
    const decided = decideRenewal(await readSigningKeys(tx), wish, now);
    if (changesNothing(decided)) return null;
    await write(tx, made, decided, now);
    await appendEvents(tx, ids, eventsOf(made.id, decided, wish, now));
    return decided;
  });
  if (renewal === null) return null;
  database.signals.send(SIGNING_KEYS_CHANGED, made.id);
  deps.committed();
  return renewal;
}

async function write(
  tx: Tx,
  made: Awaited<ReturnType<typeof makeKeyPair>>,
  { signsFrom, retires, withdraws }: Renewal,
  now: Date,
): Promise<void> {
  await tx.signingKey.deleteMany({ where: { id: { in: withdraws } } });
  if (signsFrom === null) return;
  if (retires !== null)
    await tx.signingKey.update({ where: { id: retires, signsUntil: null }, data: { signsUntil: signsFrom } });
  const { id, publicJwk, privateKey } = made;
  await tx.signingKey.create({
    data: { id, publicJwk: { ...publicJwk }, privateKey: { ...privateKey }, createdAt: now, signsFrom },
  });
}

function eventsOf(madeId: string, renewal: Renewal, wish: RenewalWish, occurredAt: Date): NewEvent[] {
  const { signsFrom, retires, withdraws } = renewal;
  const event = (type: NewEvent['type'], subjectId: string, data: JsonObject): NewEvent => ({
    type,
    projectId: null,
    teamId: null,
    sessionId: null,
    subjectId,
    actor: systemActor,
    data,
    occurredAt,
  });
  const at = signsFrom?.toISOString() ?? null;
  return [
    ...withdraws.map((id) => event('signing_key_withdrawn', id, { wish })),
    ...(retires === null ? [] : [event('signing_key_retired', retires, { wish, signsUntil: at })]),
    ...(at === null ? [] : [event('signing_key_created', madeId, { wish, signsFrom: at })]),
  ];
}
