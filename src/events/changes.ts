import type { Approval, Event, Intervention, Session } from '../generated/prisma/client.ts';
import type { Log } from '../kernel/log.ts';
import { prefixOf } from '../kernel/ids.ts';
import type { Change } from '../sessions/aggregate.ts';
import type { Tail } from './tail.ts';

/** What was changed, for those who show it. Rows stand here where this process wrote them; else they are read anew. */
export interface Changed {
  projectId: string;
  /** Null, like the session: what belongs to the project alone. */
  teamId: string | null;
  sessionId: string | null;
  session: Session | null;
  /** Further ones, where many changed as one. */
  sessions: readonly string[];
  interventions: { id: string; row: Intervention | null }[];
  approvals: { id: string; row: Approval | null }[];
  /** The project's budget was. */
  budget: boolean;
  /** The emergency stops that were, or whose recovery was. */
  stops: string[];
}

/** A change beside the sessions, as its verb announces it after the commit. */
export type Announcement = Pick<Changed, 'projectId'> &
  Partial<Omit<Changed, 'projectId'>> & { eventIds: readonly string[] };

/**
 * Changes as they are committed (behaviour 9.3): those of this process at once, those of other replicas as soon as
 * their events are in the log. None is lost: what the tail brings covers whatever was not announced here.
 */
export interface Changes {
  listen(listener: (changed: Changed) => void): () => void;
  /** Called after each commit of this process. */
  committed(changes: readonly Change[]): void;
  /** The same, of what is no change of a session. */
  announce(announcement: Announcement): void;
  start(): void;
  stop(): void;
}

/** Events of this process's own changes remembered, so that the tail does not tell of them again. */
const REMEMBERED = 20_000;

export function createChanges(tail: Tail, log: Log): Changes {
  const listeners = new Set<(changed: Changed) => void>();
  /** Ids of events whose change was announced here. */
  const own = new Set<string>();
  /** The versions announced last. Two batches side by side may be announced in the other order than they committed. */
  const versions = new Map<string, number>();
  let release = () => {};

  const tell = (changed: Changed) => {
    for (const listener of listeners) {
      try {
        listener(changed);
      } catch (error) {
        // The change is committed: whoever made it must not hear that it failed.
        log.error({ err: error }, 'a listener of changes failed');
      }
    }
  };

  function fromLog(events: readonly Event[]): void {
    if (listeners.size === 0) return;
    const changes = new Map<string, Changed>();
    for (const event of events) {
      if (event.projectId === null || own.delete(event.id)) continue;
      const about = event.sessionId ?? event.projectId;
      const changed = changes.get(about) ?? blank(event.projectId, event.teamId, event.sessionId);
      changes.set(about, changed);
      note(changed, event);
    }
    for (const changed of changes.values()) tell(changed);
  }

  const remember = (eventIds: readonly string[]): void => {
    for (const id of eventIds) own.add(id);
    while (own.size > REMEMBERED) own.delete(own.values().next().value!);
  };

  return {
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    committed(changes) {
      for (const change of changes) {
        const { session, asked = [], updated = [], eventIds = [] } = change;
        remember(eventIds);
        if (listeners.size === 0) continue;
        const overtaken = (versions.get(session.id) ?? -1) > session.version;
        if (!overtaken) versions.set(session.id, session.version);
        if (versions.size > REMEMBERED) versions.delete(versions.keys().next().value!);
        const shown = <Row extends { id: string }>(rows: readonly Row[]) =>
          rows.map((row) => ({ id: row.id, row: overtaken ? null : row }));
        tell({
          ...blank(session.projectId, session.teamId, session.id),
          session: overtaken ? null : session,
          interventions: shown([...asked, ...updated]),
          approvals: shown([...(change.approvalsAsked ?? []), ...(change.approvalsUpdated ?? [])]),
          budget: (change.money ?? []).length > 0,
        });
      }
    },
    announce({ eventIds, ...announced }) {
      remember(eventIds);
      if (listeners.size > 0) tell({ ...blank(announced.projectId, null, null), ...announced });
    },
    start() {
      release = tail.listen(fromLog);
    },
    stop: () => release(),
  };
}

const blank = (projectId: string, teamId: string | null, sessionId: string | null): Changed => ({
  projectId,
  teamId,
  sessionId,
  session: null,
  sessions: [],
  interventions: [],
  approvals: [],
  budget: false,
  stops: [],
});

/** What an event of another replica says was changed. */
function note(changed: Changed, { subjectId, data }: Event): void {
  const add = (list: { id: string; row: null }[]) => {
    if (!list.some(({ id }) => id === subjectId)) list.push({ id: subjectId, row: null });
  };
  switch (prefixOf(subjectId)) {
    case 'intervention':
      return add(changed.interventions as { id: string; row: null }[]);
    case 'approval':
      return add(changed.approvals as { id: string; row: null }[]);
    case 'budget':
    case 'reservation':
      changed.budget = true;
      return;
    case 'stop':
      return addStop(changed, subjectId);
    case 'recovery':
      return addStop(changed, (data as { stopId?: string } | null)?.stopId);
    default:
  }
}

function addStop({ stops }: Changed, id: string | undefined): void {
  if (id !== undefined && !stops.includes(id)) stops.push(id);
}
