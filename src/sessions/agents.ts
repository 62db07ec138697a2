import type { Agent } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Change } from './aggregate.ts';

/** Agents are written at most this often, in milliseconds, while they go on in one session. */
const EVERY = 1000;
/** Agents remembered; the oldest is forgotten first, and merely written once more. */
const REMEMBERED = 10_000;

/**
 * Which agents a batch of changes has to write. An agent that acts many times a second in one session would be one
 * row that everybody waits for, so it is written when it is new, when it comes to another session, and each second.
 */
export interface AgentTouches {
  rows(changes: readonly Change[]): Agent[];
  written(agents: readonly Agent[]): void;
}

export function createAgentTouches(clock: Clock, ids: Ids): AgentTouches {
  const last = new Map<string, { at: number; sessionId: string | null }>();
  const keyOf = ({ teamId, name }: { teamId: string; name: string }) => `${teamId}\n${name}`;
  return {
    rows(changes) {
      const now = clock.now();
      const rows = new Map<string, Agent>();
      for (const { session, agents = [] } of changes) {
        for (const { name, type } of agents) {
          const key = keyOf({ teamId: session.teamId, name });
          const known = last.get(key);
          if (known && known.sessionId === session.id && now.getTime() - known.at < EVERY) continue;
          rows.set(key, {
            id: ids.next('agent'),
            teamId: session.teamId,
            name,
            type: type ?? 'CUSTOM',
            lastActivity: now,
            lastSessionId: session.id,
          });
        }
      }
      return [...rows.values()];
    },
    written(agents) {
      for (const agent of agents) {
        const key = keyOf(agent);
        last.delete(key);
        last.set(key, { at: agent.lastActivity!.getTime(), sessionId: agent.lastSessionId });
        if (last.size > REMEMBERED) last.delete(last.keys().next().value!);
      }
    },
  };
}
