import type { PlannedSession } from '../plan.ts';
import type { Action } from './action.ts';

/** Settles which sessions go on and which are given up; it happens with the lift, as for tasks. */
export const resumeSessions: Action = {
  async run(tx, _, { recovery, step }) {
    const { sessions } = step.parameters as unknown as { sessions: PlannedSession[] };
    const rows = await tx.$queryRaw<{ id: string; status: string }[]>`
      SELECT s.id, s.status::text AS status FROM stopped_sessions h JOIN sessions s ON s.id = h.session_id
      WHERE h.stop_id = ${recovery.stopId} AND h.session_id = ANY(${sessions.map(({ id }) => id)}::text[]) ORDER BY s.id`;
    const halted = new Set(rows.filter(({ status }) => status === 'HALTED').map(({ id }) => id));
    const of = (fate: PlannedSession['fate']) =>
      sessions.filter((session) => session.fate === fate && halted.has(session.id)).map(({ id }) => id);
    const [resumed, abandoned] = [of('RESUME'), of('ABANDON')];
    return {
      result: {
        resumed: resumed.length,
        sessionIds: resumed,
        abandonedIds: abandoned,
        endedMeanwhile: rows.filter(({ status }) => status !== 'HALTED'),
      },
    };
  },
};
