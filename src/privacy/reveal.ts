import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Json } from '../kernel/json.ts';
import type { Vault } from '../secrets/vault.ts';
import { filledIn, idsIn } from './tokens.ts';

interface Deps {
  prisma: Pick<PrismaClient, 'sealedValue' | 'dataKey'>;
  vault: Pick<Vault, 'open'>;
}

/**
 * The value as it was said: for whoever may see it (`data.read_sensitive`), and for the agent whose it is. What was erased
 * stays masked. `sessionId`: so does what another session said, for who sees its own alone. Throws CannotOpen where what is
 * stored was changed.
 */
export const reveal = async <T>(
  deps: Deps,
  projectId: string,
  value: T,
  sessionId: string | null = null,
): Promise<T> => (await revealWith(deps, projectId, value, sessionId)).value;

/** The same, with what was opened for it. */
export async function revealWith<T>(
  { prisma, vault }: Deps,
  projectId: string,
  value: T,
  sessionId: string | null = null,
): Promise<{ value: T; opened: Json[] }> {
  const ids = idsIn(value);
  if (ids.size === 0) return { value, opened: [] };
  const values = await vault.open(prisma, projectId, [...ids], sessionId);
  return { value: filledIn(value, values), opened: [...values.values()] };
}
