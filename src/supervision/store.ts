import type { Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { Actor } from '../identity/viewer.ts';
import type { Faults } from '../kernel/bounds.ts';
import { refuse } from '../kernel/errors.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Json } from '../kernel/json.ts';
import type { Vault } from '../secrets/vault.ts';
import { readConfiguration } from './configuration.ts';
import type { Configuration } from './configuration-schema.ts';
import { changedSettings } from './diff.ts';
import type { SupervisionEnvironment } from './from-environment.ts';
import { unmasked } from './secrets.ts';
import { fillIn, withhold } from './withheld.ts';

export interface Written {
  yaml: string;
  configuration: Configuration | null;
}

/**
 * The text with what it says; its faults among those of the input whose `field` it came in. `before`: the team's versions
 * that it has masks of.
 */
export function parseSupervision(
  faults: Faults,
  field: string,
  yaml: string,
  environment: SupervisionEnvironment,
  before: ReadonlyMap<number, string> = new Map(),
): Written {
  const plain = unmasked(yaml, before);
  for (const { path, message } of plain.faults) faults.add([field, ...path], message);
  const reading = readConfiguration(plain.text, environment);
  if (reading.ok) return { yaml: plain.text, configuration: reading.configuration };
  for (const { path, message } of reading.faults) faults.add([field, ...path], message);
  return { yaml, configuration: null };
}

/**
 * The team's next version, and its event, in the caller's transaction, which holds the team's row: versions have no gap.
 * False: the very same text is in force already, and nothing was written. `baseVersion`: the version that the text was made
 * from; INVALID_STATE where another one is in force.
 */
export async function putConfiguration(
  tx: Tx,
  { clock, ids, vault }: { clock: Clock; ids: Ids; vault: Vault },
  team: { id: string; projectId: string },
  written: Written,
  actor: Actor,
  baseVersion: number | null = null,
): Promise<boolean> {
  const row = await tx.supervisionConfiguration.findFirst({
    where: { teamId: team.id },
    orderBy: { version: 'desc' },
  });
  const before = row && (await fillIn(tx, vault, team.projectId, row));
  if ((before?.yaml ?? '') === written.yaml) return false;
  const inForce = row?.version ?? 0;
  if (baseVersion !== null && baseVersion !== inForce)
    throw refuse(
      'INVALID_STATE',
      row === null
        ? `the team has no version ${baseVersion}: it has none yet, which is 0`
        : `version ${inForce} is in force, set by ${(row.setBy as Actor).name} at ${row.createdAt.toISOString()}; this text was made from version ${baseVersion}`,
      ['baseVersion'],
    );
  const version = inForce + 1;
  const createdAt = clock.now();
  await tx.supervisionConfiguration.create({
    data: {
      teamId: team.id,
      version,
      ...(await stored(tx, { ids, vault }, team.projectId, written, version)),
      setBy: { ...actor },
      createdAt,
    },
  });
  const changes = changedSettings(before?.configuration ?? null, written.configuration);
  await appendEvents(tx, ids, [
    {
      type: 'configuration_changed',
      projectId: team.projectId,
      teamId: team.id,
      sessionId: null,
      subjectId: team.id,
      actor,
      data: { version, changes },
      occurredAt: createdAt,
    },
  ]);
  return true;
}

/** A version's columns, its secrets written as an encrypted value of their own. */
export async function stored(
  tx: Tx,
  { ids, vault }: { ids: Ids; vault: Vault },
  projectId: string,
  written: Written,
  version: number,
) {
  const { yaml, configuration, secrets } = withhold(written, version);
  const secretsId = secrets && ids.next('sealed');
  if (secretsId !== null)
    // Settings, and nobody's words: they stay when whoever set them is erased.
    await vault.keep(tx, [
      { id: secretsId, projectId, sessionId: null, saidById: null, value: asJson(secrets) },
    ]);
  return { yaml, configuration: configuration ?? Prisma.DbNull, secretsId, withheld: true };
}

const asJson = (secrets: unknown): Json => secrets as Json;
