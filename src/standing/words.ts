import { personOf, type Viewer } from '../identity/viewer.ts';
import type { TakenOut } from '../privacy/privacy.ts';
import { readInForce } from '../supervision/in-force.ts';
import type { StandingDeps } from './create.ts';

type Reason = { reason: string | null };

/** Why somebody grants or revokes one, without what is sensitive of it, as far as its team wants that (behaviour 8.8). */
export async function takeOut(
  { database: { prisma }, privacy }: Pick<StandingDeps, 'database' | 'privacy'>,
  { actor }: Viewer,
  of: { projectId: string; teamId: string | null } | null,
  words: Reason,
): Promise<TakenOut<Reason>> {
  // Where there is none, the transaction refuses, and writes none of it.
  if (of === null || of.teamId === null || words.reason === null) return { words, kept: [] };
  const configuration = await readInForce(prisma, of.teamId);
  const settings = configuration?.human_supervision?.privacy ?? null;
  return privacy.takeOut({ projectId: of.projectId, saidById: personOf(actor), settings }, words);
}
