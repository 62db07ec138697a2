import type { Tx } from '../database/transact.ts';
import type { Configuration } from './configuration-schema.ts';
import { auditedOf, inForce } from './in-force.ts';

/** The types of events that each team keeps on record, of the teams that say so in force (`audit.events`, behaviour 8.2). */
export async function readAudited(tx: Pick<Tx, '$queryRaw'>): Promise<Map<string, ReadonlySet<string>>> {
  const rows = await tx.$queryRaw<{ teamId: string; configuration: Configuration }[]>`
    SELECT t.id AS "teamId", c.configuration
    FROM teams t JOIN LATERAL (
      SELECT s.configuration FROM supervision_configurations s WHERE s.team_id = t.id ORDER BY s.version DESC LIMIT 1
    ) c ON c.configuration #> '{human_supervision,audit,events}' IS NOT NULL`;
  const teams = new Map<string, ReadonlySet<string>>();
  for (const { teamId, configuration } of rows) {
    const audited = auditedOf(inForce(configuration));
    if (audited !== null) teams.set(teamId, new Set(audited));
  }
  return teams;
}
