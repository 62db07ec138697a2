import type { EventCheckpoint, Prisma, PrismaClient } from '../generated/prisma/client.ts';
import { canonicalJson } from '../kernel/json.ts';
import { CannotOpen, type KeyRing } from '../secrets/key-ring.ts';

// A checkpoint says that a chain has no event up to a position any more, which hash stood there, and how many there were. Its
// proof is sealed by ENCRYPTION_KEYS: who can write to the database alone can cut a chain, but not say that this was pruning.

export type Checkpoint = Omit<EventCheckpoint, 'proof'>;

/** `unproven`: the key that it was sealed with is not at hand. `forged`: the row is not what was sealed. */
export type Proof = 'proven' | 'unproven' | 'forged';

const placeOf = ({ chain }: Pick<Checkpoint, 'chain'>): string => `event_checkpoints:${chain}`;

const textOf = ({ chain, position, hash, length, prunedAt }: Checkpoint): string =>
  canonicalJson({
    v: 1,
    chain,
    position: String(position),
    hash,
    length: String(length),
    prunedAt: prunedAt.toISOString(),
  });

export const withProof = (keyRing: KeyRing, checkpoint: Checkpoint): Prisma.EventCheckpointCreateInput => ({
  ...checkpoint,
  proof: { ...keyRing.seal(Buffer.from(textOf(checkpoint)), placeOf(checkpoint)) },
});

/** `keyRing` null: there are no keys to check it with. */
export function proofOf(keyRing: KeyRing | null, { proof, ...checkpoint }: EventCheckpoint): Proof {
  if (keyRing === null) return 'unproven';
  try {
    const opened = keyRing.open(proof, placeOf(checkpoint)).toString();
    return opened === textOf(checkpoint) ? 'proven' : 'forged';
  } catch (error) {
    if (!(error instanceof CannotOpen)) throw error;
    return error.reason === 'missing' ? 'unproven' : 'forged';
  }
}

/** A checkpoint that is not what was sealed: nothing may be built on it. */
export class ForgedCheckpoint extends Error {
  override name = 'ForgedCheckpoint';

  constructor({ chain }: Checkpoint, proof: Exclude<Proof, 'proven'>) {
    const why =
      proof === 'forged' ? 'is not what was written' : 'was sealed with a key that ENCRYPTION_KEYS lacks';
    super(`the checkpoint of chain ${chain} ${why}; npm run audit:verify tells more`);
  }
}

/** All there are, as what a rotation wraps anew. */
export const sealedCheckpoints = async (prisma: PrismaClient): Promise<{ sealed: unknown }[]> =>
  (await prisma.eventCheckpoint.findMany({ select: { proof: true } })).map(({ proof }) => ({
    sealed: proof,
  }));

/** Seals what an earlier key of the ring sealed with its first one. Returns how many. Throws ForgedCheckpoint. */
export async function rewrapCheckpoints(prisma: PrismaClient, keyRing: KeyRing): Promise<number> {
  let count = 0;
  const { current } = keyRing;
  for (const row of await prisma.eventCheckpoint.findMany({ orderBy: { chain: 'asc' } })) {
    const proof = proofOf(keyRing, row);
    if (proof !== 'proven') throw new ForgedCheckpoint(row, proof);
    if ((row.proof as { kid: string }).kid === current) continue;
    const { proof: anew } = withProof(keyRing, row);
    // Only what was read: pruning goes on meanwhile.
    count += await prisma.$executeRaw`UPDATE event_checkpoints SET proof = ${JSON.stringify(anew)}::jsonb
      WHERE chain = ${row.chain} AND proof = ${JSON.stringify(row.proof)}::jsonb`;
  }
  return count;
}
