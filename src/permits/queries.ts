import type { Tx } from '../database/transact.ts';
import type { SigningKey } from '../generated/prisma/client.ts';
import type { SealedItem } from '../secrets/open-key-ring.ts';
import { sealedItemOf } from './key-pair.ts';

/** All there are: those coming, signing and retired, oldest first. */
export const readSigningKeys = (tx: Pick<Tx, 'signingKey'>): Promise<SigningKey[]> =>
  tx.signingKey.findMany({ orderBy: { id: 'asc' } });

/** What the product can't start without opening. */
export const sealedSigningKeys = async (tx: Pick<Tx, 'signingKey'>): Promise<SealedItem[]> =>
  (await readSigningKeys(tx)).map(sealedItemOf);
