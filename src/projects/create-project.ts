import {
  type LimitsInput,
  newBudget,
  parseLimits,
  tellLimits,
  withLimits,
  zoneFault,
} from '../budgets/limits.ts';
import { insertBudgets } from '../budgets/open-budgets.ts';
import { appendEvents } from '../events/append.ts';
import type { Project } from '../generated/prisma/client.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { remembering } from '../idempotency/remember.ts';
import type { Viewer } from '../identity/viewer.ts';
import { Faults, MAX_NAME } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import type { ProjectDeps } from './deps.ts';

export interface CreateProjectInput {
  name: string;
  timeZone?: string | null;
  /** Its time zone stands in for `timeZone`, and must not differ from it. */
  limits?: LimitsInput | null;
  idempotencyKey?: string | null;
}

/** A new project: what keys are bound to and budgets are counted by. Projects are not deleted (behaviour 2.9). */
export async function createProject(
  deps: ProjectDeps,
  viewer: Viewer,
  input: CreateProjectInput,
): Promise<Project> {
  const { limits: given } = input;
  const timeZone = input.timeZone ?? given?.timeZone ?? 'UTC';
  const faults = new Faults();
  faults.text(['name'], input.name, MAX_NAME, 1);
  zoneFault(faults, ['timeZone'], input.timeZone);
  const limits = parseLimits(faults, ['limits'], given ?? {});
  if ((given?.timeZone ?? timeZone) !== timeZone)
    faults.add(['limits', 'timeZone'], 'limits.timeZone must be the same as timeZone, or left out');
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const idempotency = idempotencyOf(viewer.credentialId, 'createProject', input);
  const { reply, repeated } = await remembering(deps, 'create a project', idempotency, async (tx) => {
    const createdAt = deps.clock.now();
    const id = deps.ids.next('project');
    await tx.project.create({ data: { id, name: input.name.trim(), timeZone, createdAt } });
    const budget = withLimits(newBudget(id, timeZone, createdAt), limits);
    await insertBudgets(tx, [budget]);
    await appendEvents(tx, deps.ids, [
      {
        type: 'project_created',
        projectId: id,
        teamId: null,
        sessionId: null,
        subjectId: id,
        actor: viewer.actor,
        data: { name: input.name.trim(), timeZone, limits: tellLimits(budget) },
        occurredAt: createdAt,
      },
    ]);
    return { id };
  });
  if (!repeated) deps.committed();
  return deps.prisma.project.findUniqueOrThrow({ where: { id: reply.id } });
}
