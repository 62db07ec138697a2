import type { Connection } from './connection.ts';
import { stopChanged, stopInForce } from './documents.ts';
import { HoldpointError } from './errors.ts';
import type { ClientStopQuery } from './generated/graphql.ts';
import { backoff, pause } from './pause.ts';

export type Stop = NonNullable<ClientStopQuery['emergencyStatus']['stop']>;

export interface EmergencyStops {
  /** Calls once for each stop of the project, for one in force at once. Returns what ends that. */
  onStop(projectId: string, listener: (stop: Stop) => void): () => void;
  /** Aborted at the project's next stop, or the one in force; `release` once nobody needs it any more. */
  signalOf(projectId: string): { signal: AbortSignal; release: () => void };
}

interface Watched {
  listeners: Set<(stop: Stop) => void>;
  inForce: Stop | null;
  end: AbortController;
}

/** One subscription for each project that somebody asks about. `failed`: what ends the watching of one, such as a revoked key. */
export function createEmergencyStops(
  connection: Connection,
  failed: (error: HoldpointError) => void,
): EmergencyStops {
  const projects = new Map<string, Watched>();

  async function watch(projectId: string, watched: Watched): Promise<void> {
    const { signal } = watched.end;
    const tell = ({ emergencyStatus: { stop } }: ClientStopQuery): void => {
      const before = watched.inForce?.id;
      watched.inForce = stop ?? null;
      if (stop != null && stop.id !== before) for (const listener of watched.listeners) told(listener, stop);
    };
    for (let attempt = 0; ; attempt += 1) {
      const round = new AbortController();
      const ended = AbortSignal.any([round.signal, signal]);
      try {
        const changes = connection.subscribe(stopChanged, { projectId }, ended);
        for (;;) {
          const next = changes.next();
          next.catch(() => {});
          tell(await connection.overSocket(stopInForce, { projectId }, ended));
          attempt = 0;
          if ((await next).done) break;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof HoldpointError)) throw error;
      } finally {
        round.abort();
      }
      // Rejects where the credential opens nothing any more; outlasts the server's absence.
      tell(await connection.request(stopInForce, { projectId }, { signal, repeatable: true }));
      await pause(backoff(attempt), AbortSignal.any([connection.closed, signal]));
    }
  }

  /** What one listener throws is its own: the others are told all the same, and of the next stop too. */
  function told(listener: (stop: Stop) => void, stop: Stop): void {
    try {
      listener(stop);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  function onStop(projectId: string, listener: (stop: Stop) => void): () => void {
    let watched = projects.get(projectId);
    if (watched === undefined) {
      watched = { listeners: new Set(), inForce: null, end: new AbortController() };
      projects.set(projectId, watched);
      const begun = watched;
      watch(projectId, watched).catch((error: unknown) => {
        projects.delete(projectId);
        const known = error instanceof HoldpointError ? error : null;
        if (begun.end.signal.aborted || known?.code === 'CLOSED') return;
        failed(
          known ?? new HoldpointError('NETWORK', `stops are not watched for: ${String(error)}`, [], error),
        );
      });
    } else if (watched.inForce !== null) told(listener, watched.inForce);
    const { listeners, end } = watched;
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      end.abort();
      if (projects.get(projectId)?.end === end) projects.delete(projectId);
    };
  }

  return {
    onStop,
    signalOf(projectId) {
      const stopped = new AbortController();
      const release = onStop(projectId, (stop) =>
        stopped.abort(new HoldpointError('EMERGENCY_STOPPED', `the project was stopped: ${stop.stopReason}`)),
      );
      return { signal: stopped.signal, release };
    },
  };
}
