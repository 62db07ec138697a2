import type { Prisma, PrismaClient } from '../../src/generated/prisma/client.ts';

/** How many events of these there are, sealed or still to be: what the API shows of them comes a moment later. */
export const countEvents = (
  prisma: PrismaClient,
  where: Prisma.EventWhereInput & Prisma.UnsealedEventWhereInput,
): Promise<number> =>
  // In one transaction that sees one state: the sealer moves them from the one table to the other.
  prisma.$transaction(
    async (tx) => (await tx.event.count({ where })) + (await tx.unsealedEvent.count({ where })),
    { isolationLevel: 'RepeatableRead' },
  );
