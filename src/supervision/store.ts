import type { Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { Actor } from '../identity/viewer.ts';
import type { Faults } from '../kernel/bounds.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import { readConfiguration } from './configuration.ts';
import type { Configuration } from './configuration-schema.ts';
import { changedSettings } from './diff.ts';

export interface Written {
  yaml: string;
  configuration: Configuration | null;
}

/** The text with what it says; its faults among those of the input whose `field` it came in. */
export function parseSupervision(faults: Faults, field: string, yaml: string): Written {
  const reading = readConfiguration(yaml);
  if (reading.ok) return { yaml, configuration: reading.configuration };
  for (const { path, message } of reading.faults) faults.add([field, ...path], message);
  return { yaml, configuration: null };
}

/**
 * The team's next version, and its event, in the caller's transaction, which holds the team's row: versions have no gap.
 * False: the very same text is in force already, and nothing was written.
 */
export async function putConfiguration(
  tx: Tx,
  { clock, ids }: { clock: Clock; ids: Ids },
  team: { id: string; projectId: string },
  { yaml, configuration }: Written,
  actor: Actor,
): Promise<boolean> {
  const before = await tx.supervisionConfiguration.findFirst({
    where: { teamId: team.id },
    orderBy: { version: 'desc' },
  });
  if ((before?.yaml ?? '') === yaml) return false;
  const version = (before?.version ?? 0) + 1;
  const createdAt = clock.now();
  await tx.supervisionConfiguration.create({
    data: {
      teamId: team.id,
      version,
      yaml,
      configuration: configuration ?? Prisma.DbNull,
      setBy: { ...actor },
      createdAt,
    },
  });
  const changes = changedSettings((before?.configuration ?? null) as Configuration | null, configuration);
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
