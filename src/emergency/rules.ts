import type { EmergencyStop } from '../generated/prisma/client.ts';
import type { Severity, StopCondition } from '../generated/prisma/enums.ts';
import type { Actor } from '../identity/viewer.ts';
import { allow, deny, type Outcome } from '../sessions/aggregate.ts';

// An emergency stop of a project, and who moves it (behaviour 7):
//
//   (a condition, or somebody)──trigger──▶ in force, halting ──the last running turn's lease let go or lapsed──▶ halted
//        while in force: another condition ──▶ the same stop, with that condition and the higher severity
//   halted ──liftStop, recovery's last step──▶ lifted
//
// In force exactly while `projects.stop_id` names it. The stop writes that row before all else, in the transaction that
// halts everything; so whatever else would begin or grant something either committed before (and is found, and halted),
// or reads the row after it (and is refused). What that comes to:
//
//   a stop against …                 is settled by
//   an answer, an ask, a report,     the session's version, which the stop raises: the loser decides again, on a session
//   a vote, the start of a call      that is HALTED, and is refused (a rejection, a cancelling: goes through)
//   a new session, a revival         the project's row, read FOR SHARE by the statement that begins it
//   a reservation                    the budget's row, whose flag stands in the statement that takes the money
//   a budget override                the project's row, read FOR SHARE before the approval is decided
//   a worker taking a session        the session's row: the turn reads it after taking it, and finds it HALTED
//   a period's roll                  the budget's row: it moves other columns
//   a hold that runs out of time     the call that it is for: while that is frozen, nothing of it is due
//   another stop, a signal           the project's row: the second one finds the first, and adds to it
//   a lift                           the project's row: whichever comes first is whole; a stop after a lift is a new one
//
// Nothing in a process remembers that a project is not stopped: what permits is read in the statement or the
// transaction that grants. Where that read fails, so does the grant.

const SEVERITIES: readonly Severity[] = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];

export const severest = (severities: readonly Severity[]): Severity =>
  SEVERITIES.findLast((severity) => severities.includes(severity))!;

/** Why a project is to be stopped. */
export interface Cause {
  conditions: readonly StopCondition[];
  severity: Severity;
  reason: string;
  actor: Actor;
}

/** The most characters of a stop's reason, whoever gives it (behaviour 10.3). */
const MAX_REASON = 20_000;

/** Several at once are one stop, of the highest severity; put down to whoever gave the first (behaviour 7.1). */
export function together([first, ...others]: readonly Cause[]): Cause {
  const causes = [first!, ...others];
  const reasons = [...new Set(causes.map(({ reason }) => reason))].join('; ');
  return {
    conditions: [...new Set(causes.flatMap(({ conditions }) => conditions))],
    severity: severest(causes.map(({ severity }) => severity)),
    reason: [...reasons].slice(0, MAX_REASON).join(''),
    actor: first!.actor,
  };
}

/** What a cause adds to the stop that is in force already; null: nothing. */
export function added(
  stop: Pick<EmergencyStop, 'triggeredConditions' | 'severity'>,
  cause: Cause,
): Pick<EmergencyStop, 'triggeredConditions' | 'severity'> | null {
  const conditions = [...new Set([...stop.triggeredConditions, ...cause.conditions])];
  const severity = severest([stop.severity, cause.severity]);
  return conditions.length === stop.triggeredConditions.length && severity === stop.severity
    ? null
    : { triggeredConditions: conditions, severity };
}

/** `running`: turns of sessions that it halted are still held by their workers. */
export function mayLift(
  stop: Pick<EmergencyStop, 'haltedAt' | 'resolvedAt'> | null,
  running: number,
): Outcome<null> {
  if (stop === null || stop.resolvedAt !== null)
    return deny('INVALID_STATE', 'this emergency stop is not in force');
  if (stop.haltedAt === null && running > 0)
    return deny('INVALID_STATE', `${running} running agents have not confirmed yet that they halted`);
  return allow(null);
}
