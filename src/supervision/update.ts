import { transact } from '../database/transact.ts';
import type { Team } from '../generated/prisma/client.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults } from '../kernel/bounds.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { SupervisionDeps } from '../projects/deps.ts';
import { readMasked } from './masked-versions.ts';
import { parseSupervision, putConfiguration } from './store.ts';

/**
 * Replaces a team's configuration; a text that says nothing takes it away. What was made before keeps its terms
 * (behaviour 4.14). `baseVersion`: the version that the text was made from, so that nobody's is overwritten unseen.
 * Refusals: INVALID_INPUT with every fault of the text (8.1), NOT_FOUND, INVALID_STATE (another version is in force).
 */
export async function updateSupervision(
  deps: SupervisionDeps,
  viewer: Viewer,
  teamId: string,
  yaml: string,
  baseVersion: number | null = null,
): Promise<Team> {
  const faults = new Faults();
  const before = await readMasked(deps, viewer, teamId, yaml);
  const written = parseSupervision(faults, 'yaml', yaml, deps.supervisionEnvironment, before);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const { team, changed } = await transact(deps.database, 'update supervision', async (tx) => {
    // One change of a team's configuration at a time; asking, which refers to the team, need not wait for it.
    await tx.$queryRaw`SELECT 1 FROM teams WHERE id = ${teamId} FOR NO KEY UPDATE`;
    const found = await tx.team.findUnique({ where: { id: teamId } });
    if (found === null || !inScope(viewer, found.projectId))
      throw refuse('NOT_FOUND', 'there is no such team', ['teamId']);
    const changed = await putConfiguration(tx, deps, found, written, viewer.actor, baseVersion);
    return { team: found, changed };
  });
  if (changed) deps.committed();
  return team;
}
