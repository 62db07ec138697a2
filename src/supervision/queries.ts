import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Configuration } from './configuration-schema.ts';

/** The text in force of each of these teams, in their order; '' where a team has none. */
export async function readTexts(prisma: PrismaClient, teamIds: readonly string[]): Promise<string[]> {
  const rows = await prisma.$queryRaw<{ teamId: string; yaml: string }[]>`
    SELECT DISTINCT ON (team_id) team_id AS "teamId", yaml FROM supervision_configurations
    WHERE team_id = ANY(${teamIds}::text[]) ORDER BY team_id, version DESC`;
  const texts = new Map(rows.map(({ teamId, yaml }) => [teamId, yaml]));
  return teamIds.map((id) => texts.get(id) ?? '');
}

export async function readInForce(prisma: PrismaClient, teamId: string): Promise<Configuration | null> {
  const row = await prisma.supervisionConfiguration.findFirst({
    where: { teamId },
    orderBy: { version: 'desc' },
    select: { configuration: true },
  });
  return (row?.configuration ?? null) as Configuration | null;
}
