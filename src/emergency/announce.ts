import type { Announcement } from '../events/changes.ts';
import type { StopDeps } from './deps.ts';
import type { Item } from './halt.ts';

/** Workers abort the turns of this payload's project. */
export const HALT = 'halt-project';

/** Sessions, interventions and approvals in one announcement: whoever shows them reads as many rows at once. */
const TOGETHER = 100;

/** What was changed by a stop or its lift, for those who show it. */
export interface Told {
  projectId: string;
  stopId: string;
  budget: boolean;
  /** Running agents are to be aborted. */
  halts: boolean;
  sessions: readonly { id: string; teamId: string }[];
  interventions: readonly Item[];
  approvals: readonly Item[];
  eventIds: readonly string[];
}

/**
 * To be called after the commit. Running turns first: here at once, on other replicas by a signal; where that is lost,
 * their workers see it when they renew their leases. Then those who show what was changed, each team's in its turn.
 */
export function announceStop({ database, changes, committed }: StopDeps, told: Told): void {
  if (told.halts) database.signals.send(HALT, told.projectId);
  committed();
  const { projectId, stopId, budget, eventIds } = told;
  changes.announce({ projectId, budget, stops: [stopId], eventIds });
  for (const announcement of byTeam(told)) changes.announce(announcement);
}

type Chunk = Required<Pick<Announcement, 'sessions' | 'interventions' | 'approvals'>>;

function* byTeam({ projectId, sessions, interventions, approvals }: Told): Generator<Announcement> {
  const teams = new Map<string | null, { [Kind in keyof Chunk]: string[] }>();
  const of = (teamId: string | null) => {
    const known = teams.get(teamId) ?? { sessions: [], interventions: [], approvals: [] };
    teams.set(teamId, known);
    return known;
  };
  for (const { id, teamId } of sessions) of(teamId).sessions.push(id);
  for (const { id, teamId } of interventions) of(teamId).interventions.push(id);
  for (const { id, teamId } of approvals) of(teamId).approvals.push(id);
  for (const [teamId, all] of teams) {
    const most = Math.max(...Object.values(all).map(({ length }) => length));
    for (let at = 0; at < most; at += TOGETHER) {
      const part = (ids: string[]) => ids.slice(at, at + TOGETHER);
      yield {
        projectId,
        teamId,
        sessions: part(all.sessions),
        interventions: part(all.interventions).map((id) => ({ id, row: null })),
        approvals: part(all.approvals).map((id) => ({ id, row: null })),
        eventIds: [],
      };
    }
  }
}
