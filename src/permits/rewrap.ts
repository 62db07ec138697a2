import type { PrismaClient } from '../generated/prisma/client.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { sealedItemOf } from './key-pair.ts';
import { readSigningKeys } from './queries.ts';

/** Seals the private halves that an earlier key of the ring sealed with its first one. Returns how many. */
export async function rewrapSigningKeys(prisma: PrismaClient, keyRing: KeyRing): Promise<number> {
  let count = 0;
  const { current } = keyRing;
  for (const row of await readSigningKeys(prisma)) {
    const { sealed, place } = sealedItemOf(row);
    if ((sealed as { kid: string }).kid === current) continue;
    const anew = JSON.stringify(keyRing.seal(keyRing.open(sealed, place), place));
    // Only what was read: another rotation may have been faster, and to a newer key.
    count += await prisma.$executeRaw`UPDATE signing_keys SET private_key = ${anew}::jsonb
      WHERE id = ${row.id} AND private_key = ${JSON.stringify(sealed)}::jsonb`;
  }
  return count;
}
