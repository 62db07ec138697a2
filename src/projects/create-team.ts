import { appendEvents } from '../events/append.ts';
import type { Team } from '../generated/prisma/client.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { remembering } from '../idempotency/remember.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_NAME } from '../kernel/bounds.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import { parseSupervision, putConfiguration } from '../supervision/store.ts';
import type { SupervisionDeps } from './deps.ts';

export interface CreateTeamInput {
  projectId: string;
  name: string;
  /** A configuration's text (behaviour 8.1). */
  supervision?: string | null;
  idempotencyKey?: string | null;
}

/** A new team of agents in a project, with an empty queue. Teams are not deleted (behaviour 2.9). */
export async function createTeam(
  deps: SupervisionDeps,
  viewer: Viewer,
  input: CreateTeamInput,
): Promise<Team> {
  const { projectId, name } = input;
  const faults = new Faults();
  faults.text(['name'], name, MAX_NAME, 1);
  const supervision = parseSupervision(
    faults,
    'supervision',
    input.supervision ?? '',
    deps.supervisionEnvironment,
  );
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const idempotency = idempotencyOf(viewer.credentialId, 'createTeam', input);
  const { reply, repeated } = await remembering(deps, 'create a team', idempotency, async (tx) => {
    const project = inScope(viewer, projectId)
      ? await tx.project.findUnique({ where: { id: projectId } })
      : null;
    if (project === null) throw refuse('NOT_FOUND', 'there is no such project', ['projectId']);
    const createdAt = deps.clock.now();
    const id = deps.ids.next('team');
    await tx.team.create({
      data: { id, projectId, name: name.trim(), createdAt, queue: { create: { pending: 0 } } },
    });
    await appendEvents(tx, deps.ids, [
      {
        type: 'team_created',
        projectId,
        teamId: id,
        sessionId: null,
        subjectId: id,
        actor: viewer.actor,
        data: { name: name.trim() },
        occurredAt: createdAt,
      },
    ]);
    await putConfiguration(tx, deps, { id, projectId }, supervision, viewer.actor);
    return { id };
  });
  if (!repeated) deps.committed();
  return deps.prisma.team.findUniqueOrThrow({ where: { id: reply.id } });
}
