import { transact } from '../database/transact.ts';
import type { Team } from '../generated/prisma/client.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults } from '../kernel/bounds.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { ProjectDeps } from '../projects/deps.ts';
import { parseSupervision, putConfiguration } from './store.ts';

/**
 * Replaces a team's configuration; a text that says nothing takes it away. What was made before keeps its terms
 * (behaviour 4.14). Refusals: INVALID_INPUT with every fault of the text (8.1), NOT_FOUND.
 */
export async function updateSupervision(
  deps: ProjectDeps,
  viewer: Viewer,
  teamId: string,
  yaml: string,
): Promise<Team> {
  const faults = new Faults();
  const written = parseSupervision(faults, 'yaml', yaml);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const { team, changed } = await transact(deps.database, 'update supervision', async (tx) => {
    // One change of a team's configuration at a time; asking, which refers to the team, need not wait for it.
    await tx.$queryRaw`SELECT 1 FROM teams WHERE id = ${teamId} FOR NO KEY UPDATE`;
    const found = await tx.team.findUnique({ where: { id: teamId } });
    if (found === null || !inScope(viewer, found.projectId))
      throw refuse('NOT_FOUND', 'there is no such team', ['teamId']);
    return { team: found, changed: await putConfiguration(tx, deps, found, written, viewer.actor) };
  });
  if (changed) deps.committed();
  return team;
}
