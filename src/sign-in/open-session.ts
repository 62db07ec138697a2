import type { Tx } from '../database/transact.ts';
import { hashSecret, makeSecret } from '../identity/secret.ts';
import { beginning } from './rules.ts';

/** What a session stands for. */
export type Whose = { apiKeyId: string } | { userId: string };

/** Makes a session; returns its cookie's secret, of which only the hash is kept. */
export async function openSession(tx: Pick<Tx, 'browserSession'>, whose: Whose, now: Date): Promise<string> {
  const secret = makeSecret('hps');
  await tx.browserSession.create({ data: { hash: hashSecret(secret), ...whose, ...beginning(now) } });
  return secret;
}
