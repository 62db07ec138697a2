import type { Event, Intervention, Session } from '../generated/prisma/client.ts';
import type { Log } from '../kernel/log.ts';
import { prefixOf } from '../kernel/ids.ts';
import type { Change } from '../sessions/aggregate.ts';
import type { Tail } from './tail.ts';

/** What was changed, for those who show it. Rows stand here where this process wrote them; else they are read anew. */
export interface Changed {
  projectId: string;
  teamId: string;
  sessionId: string;
  session: Session | null;
  interventions: { id: string; row: Intervention | null }[];
}

/**
 * Changes as they are committed (behaviour 9.3): those of this process at once, those of other replicas as soon as
 * their events are in the log. None is lost: what the tail brings covers whatever was not announced here.
 */
export interface Changes {
  listen(listener: (changed: Changed) => void): () => void;
  /** Called after each commit of this process. */
  committed(changes: readonly Change[]): void;
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
    const bySession = new Map<string, Changed>();
    for (const event of events) {
      if (event.sessionId === null || own.delete(event.id)) continue;
      const known = bySession.get(event.sessionId);
      const changed = known ?? {
        projectId: event.projectId!,
        teamId: event.teamId!,
        sessionId: event.sessionId,
        session: null,
        interventions: [],
      };
      bySession.set(event.sessionId, changed);
      if (prefixOf(event.subjectId) !== 'intervention') continue;
      if (!changed.interventions.some(({ id }) => id === event.subjectId)) {
        changed.interventions.push({ id: event.subjectId, row: null });
      }
    }
    for (const changed of bySession.values()) tell(changed);
  }

  return {
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    committed(changes) {
      for (const { session, asked = [], updated = [], eventIds = [] } of changes) {
        for (const id of eventIds) own.add(id);
        if (listeners.size === 0) continue;
        const overtaken = (versions.get(session.id) ?? -1) > session.version;
        if (!overtaken) versions.set(session.id, session.version);
        if (versions.size > REMEMBERED) versions.delete(versions.keys().next().value!);
        tell({
          projectId: session.projectId,
          teamId: session.teamId,
          sessionId: session.id,
          session: overtaken ? null : session,
          interventions: [...asked, ...updated].map((row) => ({ id: row.id, row: overtaken ? null : row })),
        });
      }
      while (own.size > REMEMBERED) own.delete(own.values().next().value!);
    },
    start() {
      release = tail.listen(fromLog);
    },
    stop: () => release(),
  };
}
