import type { PGlite } from '@electric-sql/pglite';
import type { SqlMigrationAwareDriverAdapterFactory, Transaction } from '@prisma/driver-adapter-utils';
import { PrismaPGlite } from 'pglite-prisma-adapter';

/** The adapter has this beside what its type tells. */
interface Adapter {
  startTransactionInner(client: PGlite, options: { usePhantomQuery: boolean }): Promise<Transaction>;
}

/**
 * Prisma over PGlite. A COMMIT that fails (a full disk) fails the transaction: the adapter alone takes it for done.
 * Isolation levels are left aside, for there is one session and so nothing runs beside a transaction.
 */
export function embeddedAdapter(pglite: PGlite): SqlMigrationAwareDriverAdapterFactory {
  const factory = new PrismaPGlite(pglite);
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connectToShadowDb: () => factory.connectToShadowDb(),
    async connect() {
      const adapter = await factory.connect();
      const { startTransactionInner } = adapter as unknown as Adapter;
      return Object.assign(adapter, { startTransaction: () => begin(pglite, startTransactionInner.bind(adapter)) });
    },
  };
}

async function begin(pglite: PGlite, startInner: Adapter['startTransactionInner']): Promise<Transaction> {
  let outcome: Promise<unknown> | undefined;
  const watched = Object.create(pglite, {
    transaction: {
      value: (work: Parameters<PGlite['transaction']>[0]) => (outcome = pglite.transaction(work)),
    },
  }) as PGlite;
  const transaction = await startInner(watched, { usePhantomQuery: true });
  // The adapter listens to it too, so that nobody doing so here leaves no unhandled rejection.
  const commit = transaction.commit.bind(transaction);
  return Object.assign(transaction, {
    async commit() {
      await commit();
      await outcome;
    },
  });
}
