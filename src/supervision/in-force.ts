import type { PrismaClient } from '../generated/prisma/client.ts';
import type { TeamAuthorization } from '../identity/team-roles.ts';
import type { Configuration } from './configuration-schema.ts';

/** What holds of what a team has written: nothing where it is switched off (`human_supervision.enabled: false`). */
export const inForce = (configuration: Configuration | null): Configuration | null =>
  configuration?.human_supervision?.enabled === false ? null : configuration;

/** What holds of a team's configuration as it is now; null: nothing, or it has none. */
export async function readInForce(
  prisma: Pick<PrismaClient, 'supervisionConfiguration'>,
  teamId: string,
): Promise<Configuration | null> {
  const row = await prisma.supervisionConfiguration.findFirst({
    where: { teamId },
    orderBy: { version: 'desc' },
    select: { configuration: true },
  });
  return inForce((row?.configuration ?? null) as Configuration | null);
}

/** What a configuration in force says of roles; null: nothing. */
export const authorizationOf = (configuration: Configuration | null): TeamAuthorization | null =>
  configuration?.human_supervision?.security?.authorization ?? null;

/** The types of events that a team keeps on record (`audit.events`, behaviour 8.2); null: all of them. */
export const auditedOf = (configuration: Configuration | null): readonly string[] | null =>
  configuration?.human_supervision?.audit?.events ?? null;

type AgentSupervision = NonNullable<NonNullable<Configuration['agents']>[number]['human_supervision']>;

/** What a team says of one agent alone; null: nothing, or it is switched off. */
export function supervisionOf(
  configuration: Configuration | null,
  agentName: string,
): AgentSupervision | null {
  const own = configuration?.agents?.find(({ name }) => name === agentName)?.human_supervision;
  return own === undefined || own.enabled === false ? null : own;
}
