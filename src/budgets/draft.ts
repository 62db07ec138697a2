import type { NewEvent } from '../events/append.ts';
import type { ReservationStatus } from '../generated/prisma/enums.ts';
import { systemActor } from '../identity/viewer.ts';
import type { StopSignal } from '../sessions/aggregate.ts';
import { about, type Told, told } from './move-events.ts';
import type { Attribution, AttributedMove, Reservation } from './moves.ts';
import {
  type Alert,
  alertsReached,
  type BudgetCheck,
  check,
  held,
  isTokens,
  released,
  rolled,
  settled,
  takesPastEmergency,
} from './rules.ts';
import { type BudgetState, type Period, toDecimal, toDollars } from './state.ts';

/** A budget under its row's lock, in the making: what is to be written once everything is decided. */
export interface BudgetDraft {
  /** As the row stands. */
  readonly read: BudgetState;
  /** The same with its periods running: what all changes are told against. */
  readonly begun: BudgetState;
  state: BudgetState;
  /** The alerts that were raised before, by `alertKey`. */
  readonly raised: ReadonlySet<string>;
  readonly made: Reservation[];
  readonly ended: Reservation[];
  readonly told: Told[];
  readonly events: NewEvent[];
  readonly signals: StopSignal[];
}

/** Begins by starting the periods that run at `now`, where others are over (behaviour 6.1). */
export function begin(read: BudgetState, raised: ReadonlySet<string>, now: Date): BudgetDraft {
  const begun = rolled(read, read.timeZone, now);
  const draft = { read, begun, state: begun, raised, made: [], ended: [], told: [], signals: [] };
  return { ...draft, events: begun === read ? [] : [periodStarted(read, begun, now)] };
}

const byTheClock: Attribution = { actor: systemActor, teamId: null, sessionId: null };

function periodStarted(read: BudgetState, begun: BudgetState, now: Date): NewEvent {
  const begins = (before: Period, after: Period, line: 'daily' | 'monthly') =>
    before === after
      ? null
      : {
          start: after.start.toISOString(),
          end: after.end.toISOString(),
          before: { tokens: Number(read.tokens[line].used), cost: toDecimal(read.cost[line].used) },
        };
  return {
    ...about(read.projectId, byTheClock, now),
    type: 'budget_period_started',
    data: { day: begins(read.day, begun.day, 'daily'), month: begins(read.month, begun.month, 'monthly') },
  };
}

type Hold = Extract<AttributedMove, { kind: 'hold' }>;
type Settle = Extract<AttributedMove, { kind: 'settle' }>;
type Spend = Extract<AttributedMove, { kind: 'spend' }>;

const amounts = ({ tokens, cost }: { tokens: number; cost: bigint }) => ({ tokens: BigInt(tokens), cost });

/** What is refused holds nothing; asked past the emergency level it is still a reason to stop (behaviour 6.2, 6.4). */
export function hold(draft: BudgetDraft, move: Hold): { granted: Reservation | null; check: BudgetCheck } {
  const verdict = check(draft.state, amounts(move));
  if (!verdict.allowed) {
    if (verdict.emergencyStopRequired) signal(draft, move, `a request for ${toDollars(move.cost)}`);
    return { granted: null, check: verdict };
  }
  const { reservationId: id, projectId, approvalId, tokens, cost, createdAt, expiresAt } = move;
  const uncommitted = { status: 'HELD', committedTokens: null, committedCost: null } as const;
  const granted = { id, projectId, approvalId, tokens, cost, createdAt, expiresAt, ...uncommitted };
  draft.state = held(draft.state, amounts(move));
  draft.made.push(granted);
  draft.told.push(told(move));
  return { granted, check: verdict };
}

/** The real figures of a reservation that was not committed yet, whatever else became of it (behaviour 6.3). */
export function settle(draft: BudgetDraft, move: Settle, reservation: Reservation): Reservation {
  const before = draft.state;
  draft.state = settled(before, standing(reservation), amounts(move));
  if (takesPastEmergency(before, draft.state)) signal(draft, move, `a commit of ${toDollars(move.cost)}`);
  const { tokens: committedTokens, cost: committedCost } = move;
  draft.told.push(told(move));
  return end(draft, { ...reservation, status: 'COMMITTED', committedTokens, committedCost });
}

/** Real figures that nothing was held for: made and committed in one. */
export function spend(draft: BudgetDraft, move: Spend): Reservation {
  const { reservationId: id, projectId, approvalId, tokens, cost, createdAt } = move;
  const uncommitted = { status: 'RELEASED', committedTokens: null, committedCost: null } as const;
  const made = { id, projectId, approvalId, tokens, cost, createdAt, expiresAt: createdAt, ...uncommitted };
  draft.made.push(made);
  return settle(draft, { ...move, kind: 'settle' }, made);
}

/** Gives back what stands; `expired` by the clock, else because somebody asked. */
export function giveBack(
  draft: BudgetDraft,
  reservation: Reservation,
  status: Extract<ReservationStatus, 'RELEASED' | 'EXPIRED'>,
  by: Attribution = byTheClock,
): Reservation {
  draft.state = released(draft.state, standing(reservation));
  const { id: reservationId, projectId } = reservation;
  const figures = { tokens: null, cost: null, expired: status === 'EXPIRED' };
  draft.told.push({
    actor: by.actor,
    teamId: by.teamId,
    sessionId: by.sessionId,
    projectId,
    reservationId,
    type: 'budget_released',
    ...figures,
  });
  return end(draft, { ...reservation, status });
}

function end(draft: BudgetDraft, reservation: Reservation): Reservation {
  draft.ended.push(reservation);
  return reservation;
}

const standing = (reservation: Reservation) =>
  reservation.status === 'HELD' ? amounts(reservation) : { tokens: 0n, cost: 0n };

/** One is enough: they are looked at together. A project that is stopped needs none. */
function signal(draft: BudgetDraft, { actor }: Attribution, what: string): void {
  if (draft.state.stopped || draft.signals.length > 0) return;
  draft.signals.push({
    condition: 'BUDGET_CRITICAL',
    severity: 'CRITICAL',
    reason: `${what} takes the day's cost past 150 % of its limit`,
    actor,
  });
}

export const alertKey = ({
  limitType,
  alertType,
  periodStart,
}: Pick<Alert, 'limitType' | 'alertType' | 'periodStart'>) =>
  `${limitType} ${alertType} ${periodStart.getTime()}`;

/** The alerts that this change raises, once a period each (behaviour 6.4), as rows and as events. */
export function alertsOf(draft: BudgetDraft, now: Date) {
  const alerts = alertsReached(draft.begun, draft.state).filter(
    (alert) => !draft.raised.has(alertKey(alert)),
  );
  return alerts.map((alert) => {
    const { limitType, alertType, periodStart } = alert;
    // Rounded up: what is below it has not reached it.
    const threshold = isTokens(limitType) ? alert.threshold * 100n : (alert.threshold + 99n) / 100n;
    const used = isTokens(limitType) ? alert.used * 10_000n : alert.used;
    const values = { thresholdValue: toDecimal(threshold), currentValue: toDecimal(used) };
    const event: NewEvent = {
      ...about(draft.read.projectId, byTheClock, now),
      type: 'budget_alert',
      data: { limitType, alertType, ...values },
    };
    return {
      row: { budgetId: draft.read.id, limitType, alertType, periodStart, ...values, triggeredAt: now },
      event,
    };
  });
}
