import type { IdempotencyKey, PrismaClient } from '../generated/prisma/client.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import { refuse } from '../kernel/errors.ts';
import { canonicalJson, type Json, sha256 } from '../kernel/json.ts';

/** How long a first answer is kept, in seconds (behaviour 2.8). */
export const REMEMBERED_SECONDS = 24 * 60 * 60;

/** A caller's key for one mutation. The same key with the same arguments gets the first answer (behaviour 2.8). */
export interface Idempotency {
  credentialId: string;
  mutation: string;
  key: string;
  fingerprint: string;
  /** How long the first answer is kept, in seconds; REMEMBERED_SECONDS when left out. */
  keptSeconds?: number;
}

/** Equal for equal arguments, whatever the order of their keys; the idempotency key itself is not one of them. */
export function fingerprintOf(args: object): string {
  const { idempotencyKey: _, ...rest } = args as { idempotencyKey?: unknown };
  return sha256(canonicalJson(rest));
}

/** The key that a mutation's arguments carry, or null. INVALID_INPUT outside 1 to 255 characters. */
export function idempotencyOf<Args extends { idempotencyKey?: string | null }>(
  credentialId: string,
  mutation: string,
  args: Args,
): Idempotency | null {
  const key = args.idempotencyKey;
  if (key === undefined || key === null) return null;
  if (key.length === 0 || key.length > 255) {
    throw refuse('INVALID_INPUT', 'idempotencyKey must have 1 to 255 characters', ['idempotencyKey']);
  }
  return { credentialId, mutation, key, fingerprint: fingerprintOf(args) };
}

export const toRow = (
  clock: Clock,
  { keptSeconds = REMEMBERED_SECONDS, ...idempotency }: Idempotency,
  reply: Json,
) => ({
  ...idempotency,
  reply: { value: reply },
  expiresAt: addSeconds(clock.now(), keptSeconds),
});

/** What was answered before to those of the commands that carry a key. */
export async function recall<Command extends { idempotency?: Idempotency | null }>(
  prisma: Pick<PrismaClient, 'idempotencyKey'>,
  clock: Clock,
  commands: readonly Command[],
): Promise<Map<Command, PromiseSettledResult<Json>>> {
  const known = new Map<Command, PromiseSettledResult<Json>>();
  const keyed = commands.filter(({ idempotency }) => idempotency);
  if (keyed.length === 0) return known;
  const rows = await prisma.idempotencyKey.findMany({
    where: {
      OR: keyed.map(({ idempotency }) => {
        const { credentialId, mutation, key } = idempotency!;
        return { credentialId, mutation, key };
      }),
    },
  });
  const now = clock.now();
  for (const command of keyed) {
    const row = rows.find((candidate) => isOf(candidate, command.idempotency!));
    if (row === undefined) continue;
    if (row.expiresAt > now) known.set(command, answerOf(row, command.idempotency!));
    else
      await prisma.idempotencyKey.deleteMany({
        where: {
          credentialId: row.credentialId,
          mutation: row.mutation,
          key: row.key,
          expiresAt: row.expiresAt,
        },
      });
  }
  return known;
}

const isOf = (row: IdempotencyKey, { credentialId, mutation, key }: Idempotency): boolean =>
  row.key === key && row.mutation === mutation && row.credentialId === credentialId;

const answerOf = (row: IdempotencyKey, { fingerprint }: Idempotency): PromiseSettledResult<Json> =>
  row.fingerprint === fingerprint
    ? { status: 'fulfilled', value: (row.reply as { value: Json }).value }
    : {
        status: 'rejected',
        reason: refuse(
          'IDEMPOTENCY_KEY_REUSED',
          'this idempotencyKey was used within the last 24 hours with other arguments',
          ['idempotencyKey'],
        ),
      };
