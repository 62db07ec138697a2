import type { Session } from '../generated/prisma/client.ts';
import { inScope, personOf, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { addSeconds } from '../kernel/clock.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import { type Json, plainObject } from '../kernel/json.ts';
import type { PrivacySettings } from '../privacy/conceal.ts';
import type { SessionDeps } from './deps.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { about, EXTERNAL, isExternal, STALE_AFTER_SECONDS } from './rules.ts';

export interface StartInput {
  teamId: string;
  initialMessage: string;
  context?: Json;
  runner?: string | null;
  idempotencyKey?: string | null;
}

/** As much of its team as a new session needs: the one setting, read as statement.ts reads it for the others. */
interface NewSessionsTeam {
  projectId: string;
  privacy: PrivacySettings | null;
}

/**
 * A new session. INVALID_INPUT for an unknown runner, or a context that it cannot start with (behaviour 3.4), EMERGENCY_STOPPED where the
 * project is stopped, also at this very moment (7.2). One that
 * runs inside Holdpoint is on its way to a worker once this returns.
 */
export async function createSession(deps: SessionDeps, viewer: Viewer, input: StartInput) {
  const runner = input.runner ?? EXTERNAL;
  const context = plainObject(input.context);
  const faults = new Faults();
  faults.text(['initialMessage'], input.initialMessage, MAX_MESSAGE);
  faults.jsonObject(['context'], input.context);
  if (faults.errors.length === 0) {
    const fault = deps.runners.fault(runner, context);
    if (fault !== null) faults.errors.push(fault);
  }
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const [team] = await deps.prisma.$queryRaw<NewSessionsTeam[]>`
    SELECT t.project_id AS "projectId", (
      SELECT CASE WHEN c.configuration #>> '{human_supervision,enabled}' IS DISTINCT FROM 'false'
        THEN c.configuration #> '{human_supervision,privacy}' END
      FROM supervision_configurations c WHERE c.team_id = t.id ORDER BY c.version DESC LIMIT 1) AS privacy
    FROM teams t WHERE t.id = ${input.teamId}`;
  if (team === undefined || !inScope(viewer, team.projectId))
    throw refuse('NOT_FOUND', 'there is no such team', ['teamId']);
  return deps.changeSession<{ sessionId: string }>({
    privacy: team.privacy,
    idempotency: idempotencyOf(viewer.credentialId, 'createSession', input),
    decide(_, now) {
      const session: Session = {
        ...blank(now),
        id: deps.ids.next('session'),
        projectId: team.projectId,
        teamId: input.teamId,
        runner,
        initialMessage: input.initialMessage,
        context,
        startedById: personOf(viewer.actor),
      };
      return {
        reply: { sessionId: session.id },
        change: {
          session,
          drive: !isExternal(session),
          events: [
            {
              ...about(session, viewer.actor, now),
              type: 'session_created',
              subjectId: session.id,
              data: { runner },
            },
          ],
        },
      };
    },
  });
}

const blank = (now: Date) => ({
  status: 'ACTIVE' as const,
  haltedFrom: null,
  version: 0,
  result: null,
  failureReason: null,
  interventionCount: 0,
  currentInterventionId: null,
  lastInterventionAt: null,
  unanswered: false,
  answeredAsync: false,
  runnerState: null,
  driveEpoch: 0,
  staleAt: addSeconds(now, STALE_AFTER_SECONDS),
  createdAt: now,
  lastActivity: now,
  endedById: null,
});
