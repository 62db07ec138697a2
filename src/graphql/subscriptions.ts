import type { Changed } from '../events/changes.ts';
import type { Intervention as InterventionRow, Session as SessionRow } from '../generated/prisma/client.ts';
import { RequestError } from '../kernel/errors.ts';
import { Intervention } from '../interventions/types.ts';
import { findTeam, TeamStatus } from '../projects/schema.ts';
import { readTeamStatus, type TeamStatus as Status } from '../projects/team-status.ts';
import { findSession } from '../sessions/queries.ts';
import { Session } from '../sessions/types.ts';
import { builder } from './builder.ts';
import type { Context, House } from './context.ts';
import { createSharedSource, type SharedSource } from './shared-source.ts';

/**
 * Turns committed changes into what one subscription shows. `read` gets the changes in scope and gives payloads; it runs
 * one at a time in order, so that nobody sees an older state after a newer one.
 */
export function changeSource<T>(
  { house, viewer }: Context,
  key: string,
  wanted: (changed: Changed) => boolean,
  read: (changed: Changed) => T[] | Promise<T[]>,
): SharedSource<T> {
  const scope = viewer.projectId;
  return createSharedSource<T>({
    key: `${key}|${scope ?? '*'}`,
    attach(deliver, end) {
      let last: Promise<void> | null = null;
      const send = (payloads: T[]) => {
        for (const payload of payloads) deliver(payload, null);
      };
      return house.changes.listen((changed) => {
        if ((scope !== null && changed.projectId !== scope) || !wanted(changed)) return;
        const payloads = last === null ? read(changed) : last.then(() => read(changed));
        if (Array.isArray(payloads)) return send(payloads);
        const done: Promise<void> = payloads
          .then(send)
          .catch((error: unknown) => end(error as Error))
          .finally(() => {
            if (last === done) last = null;
          });
        last = done;
      });
    },
  });
}

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
function statusSource(context: Context, teamId: string | null): SharedSource<Status> {
  const { house, viewer } = context;
  return createSharedSource<Status>({
    key: `teamStatusUpdates|${viewer.projectId ?? '*'}|${teamId ?? '*'}`,
    attach(deliver, end) {
      const dirty = new Set<string>();
      let running = false;
      const run = async () => {
        running = true;
        for (const id of dirty) {
          dirty.delete(id);
          deliver(await readTeamStatus(house.prisma, id, house.clock.now()), null);
        }
        running = false;
      };
      const mark = (id: string) => {
        if (teamId !== null && id !== teamId) return;
        dirty.add(id);
        if (!running) run().catch((error: unknown) => end(error as Error));
      };
      // A stop is every team's, whether or not anything of it was running.
      const markAll = async (projectId: string) => {
        const teams = await house.prisma.team.findMany({ where: { projectId }, select: { id: true } });
        for (const { id } of teams) mark(id);
      };
      return house.changes.listen((changed) => {
        if (viewer.projectId !== null && changed.projectId !== viewer.projectId) return;
        if (changed.teamId !== null) mark(changed.teamId);
        else if (changed.stops.length > 0)
          markAll(changed.projectId).catch((error: unknown) => end(error as Error));
      });
    },
  });
}

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
