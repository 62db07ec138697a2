import { transact, type Tx } from '../database/transact.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Json } from '../kernel/json.ts';
import { type Idempotency, recall, toRow } from './idempotency.ts';

interface Deps {
  database: { prisma: PrismaClient };
  clock: Clock;
}

/**
 * Runs `work` in one named transaction and remembers its reply under the caller's key, if there is one. `repeated`: the
 * reply is that of an earlier, equal request, and nothing was done. Two equal requests at once: one works, the other
 * finds its answer.
 */
export async function remembering<Reply extends Json>(
  { database, clock }: Deps,
  name: string,
  idempotency: Idempotency | null,
  work: (tx: Tx) => Promise<Reply>,
): Promise<{ reply: Reply; repeated: boolean }> {
  try {
    return await transact(database, name, async (tx) => {
      const command = { idempotency };
      const known = (await recall(tx, clock, [command])).get(command);
      if (known?.status === 'rejected') throw known.reason;
      if (known !== undefined) return { reply: known.value as Reply, repeated: true };
      const reply = await work(tx);
      if (idempotency !== null)
        await tx.idempotencyKey.create({ data: toRow(clock, idempotency, reply) as never });
      return { reply, repeated: false };
    });
  } catch (error) {
    // The other one committed the key while this one worked: everything here was rolled back.
    if (idempotency === null || (error as { code?: string }).code !== 'P2002') throw error;
    const command = { idempotency };
    const known = (await recall(database.prisma, clock, [command])).get(command);
    if (known === undefined) throw error;
    if (known.status === 'rejected') throw known.reason;
    return { reply: known.value as Reply, repeated: true };
  }
}
