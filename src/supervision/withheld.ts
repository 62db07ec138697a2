import type { Tx } from '../database/transact.ts';
import type { SupervisionConfiguration } from '../generated/prisma/client.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Configuration } from './configuration-schema.ts';
import { masked, restored, type Secret, secretsOf } from './secrets.ts';

// A version is stored as it is shown: its secrets are masks, in the text and in what it says, and what they stand for is
// one encrypted value. Whoever forgets to fill them in has a mask, never a secret.

export interface Plain {
  yaml: string;
  configuration: Configuration | null;
}

/** A version as it is stored; `secrets` null: it has none. */
export function withhold(
  { yaml, configuration }: Plain,
  version: number,
): Plain & { secrets: Secret[] | null } {
  const secrets = secretsOf(yaml, version);
  if (secrets.length === 0) return { yaml, configuration, secrets: null };
  return {
    yaml: masked(yaml, version),
    configuration: configuration && replaced(configuration, secrets, ({ mask }) => mask),
    secrets,
  };
}

type Row = Pick<SupervisionConfiguration, 'yaml' | 'configuration' | 'secretsId'>;
type Reading = Pick<Tx, 'sealedValue' | 'dataKey'>;

/** A version with its secrets; one that an older version of this program wrote has them still. */
export async function fillIn(
  tx: Reading,
  vault: Pick<Vault, 'open'>,
  projectId: string,
  row: Row,
): Promise<Plain> {
  const secrets = await secretsKept(tx, vault, projectId, row);
  return { yaml: restored(row.yaml, secrets), configuration: filled(row, secrets) };
}

/** The same of what it says alone. */
export const fillInConfiguration = async (
  tx: Reading,
  vault: Pick<Vault, 'open'>,
  projectId: string,
  row: Omit<Row, 'yaml'>,
): Promise<Configuration | null> => filled(row, await secretsKept(tx, vault, projectId, row));

async function secretsKept(
  tx: Reading,
  vault: Pick<Vault, 'open'>,
  projectId: string,
  { secretsId }: Pick<Row, 'secretsId'>,
): Promise<Secret[]> {
  if (secretsId === null) return [];
  const secrets = (await vault.open(tx, projectId, [secretsId])).get(secretsId);
  if (secrets === undefined) throw new Error('the secrets of a supervision configuration are not there');
  return secrets as unknown as Secret[];
}

const filled = ({ configuration }: Pick<Row, 'configuration'>, secrets: Secret[]): Configuration | null =>
  configuration === null
    ? null
    : replaced(configuration as unknown as Configuration, secrets, ({ value }) => value);

function replaced(
  configuration: Configuration,
  secrets: readonly Secret[],
  by: (secret: Secret) => string,
): Configuration {
  if (secrets.length === 0) return configuration;
  const copy = structuredClone(configuration) as unknown;
  for (const secret of secrets) {
    const { path } = secret;
    let at = copy as Record<string, unknown>;
    for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
    at[path.at(-1)!] = by(secret);
  }
  return copy as Configuration;
}
