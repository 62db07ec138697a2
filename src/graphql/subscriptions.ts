import type { Changed } from '../events/changes.ts';
import type { Intervention as InterventionRow, Session as SessionRow } from '../generated/prisma/client.ts';
import { RequestError } from '../kernel/errors.ts';
import { Intervention } from '../interventions/types.ts';
import { findTeam, TeamStatus } from '../projects/schema.ts';
import { readTeamStatus, type TeamStatus as Status } from '../projects/team-status.ts';
import { findSession } from '../sessions/queries.ts';
import { Session } from '../sessions/types.ts';
import { builder } from './builder.ts';
import { changeSource, latestSource } from './change-source.ts';
import type { Context, House } from './context.ts';
import type { SharedSource } from './shared-source.ts';

/** Rows that this process wrote go out as they are; others' are read. */
function interventionsOf(
  house: House,
  { interventions }: Changed,
): InterventionRow[] | Promise<InterventionRow[]> {
  if (interventions.every(({ row }) => row !== null)) return interventions.map(({ row }) => row!);
  return house.prisma.intervention.findMany({
    where: { id: { in: interventions.map(({ id }) => id) } },
    orderBy: { id: 'asc' },
  });
}

/** `only`: the one that the subscriber is after. */
function sessionsOf(
  house: House,
  { session, sessionId, sessions }: Changed,
  only: string | null,
): SessionRow[] | Promise<SessionRow[]> {
  if (session !== null) return [session];
  const ids = [...(sessionId === null ? [] : [sessionId]), ...sessions];
  return house.prisma.session.findMany({
    where: { id: { in: only === null ? ids : [only] } },
    orderBy: { id: 'asc' },
  });
}

const tellsOf = ({ sessionId, sessions }: Changed, id: string | null): boolean =>
  id === null ? sessionId !== null || sessions.length > 0 : sessionId === id || sessions.includes(id);

async function mustSeeTeam(teamId: string | null | undefined, context: Context): Promise<void> {
  if (teamId && (await findTeam(teamId, context)) === null)
    throw new RequestError('NOT_FOUND', 'there is no such team');
}

/** Team statuses are counted, so a burst of changes is counted once. */
/** A stop is every team's, whether or not anything of it was running. */
function teamsOf(
  house: House,
  { projectId, teamId, stops }: Changed,
  only: string | null,
): readonly string[] | Promise<readonly string[]> {
  const wanted = (ids: readonly string[]) => (only === null ? ids : ids.filter((id) => id === only));
  if (teamId !== null) return wanted([teamId]);
  if (stops.length === 0) return [];
  return house.prisma.team
    .findMany({ where: { projectId }, select: { id: true } })
    .then((teams) => wanted(teams.map(({ id }) => id)));
}

const statusSource = (context: Context, teamId: string | null): SharedSource<Status> =>
  latestSource(
    context,
    `teamStatusUpdates|${teamId ?? '*'}`,
    (changed) => teamsOf(context.house, changed, teamId),
    (id) => readTeamStatus(context.house.prisma, id, context.house.clock.now()),
  );

builder.subscriptionFields((t) => ({
  interventionUpdates: t.field({
    type: Intervention,
    description: 'Each intervention that was asked, changed or answered.',
    args: { teamId: t.arg.id() },
    async subscribe(_, { teamId }, context) {
      await mustSeeTeam(teamId, context);
      return changeSource(
        context,
        `interventionUpdates|${teamId ?? '*'}`,
        (changed) => changed.interventions.length > 0 && (!teamId || changed.teamId === teamId),
        (changed) => interventionsOf(context.house, changed),
      );
    },
    resolve: (row: InterventionRow) => row,
  }),
  sessionUpdates: t.field({
    type: Session,
    description: 'Each session that changed.',
    args: { sessionId: t.arg.id() },
    async subscribe(_, { sessionId }, context) {
      if (sessionId && (await findSession(context.house.prisma, context.viewer, sessionId)) === null) {
        throw new RequestError('NOT_FOUND', 'there is no such session');
      }
      return changeSource(
        context,
        `sessionUpdates|${sessionId ?? '*'}`,
        (changed) => tellsOf(changed, sessionId || null),
        (changed) => sessionsOf(context.house, changed, sessionId || null),
      );
    },
    resolve: (row: SessionRow) => row,
  }),
  teamStatusUpdates: t.field({
    type: TeamStatus,
    args: { teamId: t.arg.id() },
    async subscribe(_, { teamId }, context) {
      await mustSeeTeam(teamId, context);
      return statusSource(context, teamId ?? null);
    },
    resolve: (status: Status) => status,
  }),
}));
