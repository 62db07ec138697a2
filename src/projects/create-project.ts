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
  idempotencyKey?: string | null;
}

/** A new project: what keys are bound to and budgets are counted by. Projects are not deleted (behaviour 2.9). */
export async function createProject(
  deps: ProjectDeps,
  viewer: Viewer,
  input: CreateProjectInput,
): Promise<Project> {
  const timeZone = input.timeZone ?? 'UTC';
  const faults = new Faults();
  faults.text(['name'], input.name, MAX_NAME, 1);
  if (!isTimeZone(timeZone))
    faults.add(['timeZone'], 'timeZone must be an IANA time zone, such as Europe/Berlin');
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const idempotency = idempotencyOf(viewer.credentialId, 'createProject', input);
  const { reply, repeated } = await remembering(deps, 'create a project', idempotency, async (tx) => {
    const createdAt = deps.clock.now();
    const id = deps.ids.next('project');
    await tx.project.create({ data: { id, name: input.name.trim(), timeZone, createdAt } });
    await appendEvents(tx, deps.ids, [
      {
        type: 'project_created',
        projectId: id,
        teamId: null,
        sessionId: null,
        subjectId: id,
        actor: viewer.actor,
        data: { name: input.name.trim(), timeZone },
        occurredAt: createdAt,
      },
    ]);
    return { id };
  });
  if (!repeated) deps.committed();
  return deps.prisma.project.findUniqueOrThrow({ where: { id: reply.id } });
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
