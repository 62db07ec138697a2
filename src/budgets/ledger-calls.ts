import type { Idempotency } from '../idempotency/idempotency.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { addSeconds } from '../kernel/clock.ts';
import { DomainError, type UserError } from '../kernel/errors.ts';
import { type BudgetDraft, giveBack, hold, settle } from './draft.ts';
import type { AttributedMove, Reservation } from './moves.ts';
import { heldForCall, notGranted, noProject, noReservation } from './refusals.ts';
import type { BudgetCheck } from './rules.ts';
import { toDollars } from './state.ts';

// What callers want of a budget, and what becomes of it: on what was read, where that is final, or on what is locked.

export interface ReserveCall {
  readonly kind: 'reserve';
  readonly viewer: Viewer;
  readonly projectId: string;
  readonly tokens: number;
  readonly cost: bigint;
  readonly ttlSeconds: number;
  readonly idempotency: Idempotency | null;
}

export type EndCall = {
  readonly viewer: Viewer;
  readonly reservationId: string;
} & (
  | { readonly kind: 'commit'; readonly tokens: number; readonly cost: bigint }
  | { readonly kind: 'release' }
);

export type Call = ReserveCall | EndCall;

/** `check` is null where nothing was asked of the budget; `repeated`: an earlier, equal call did it. */
export interface Answer {
  reservation: Reservation;
  check: BudgetCheck | null;
  repeated: boolean;
}

export type Verdict = { ok: true; answer: Answer } | { ok: false; error: DomainError };

const done = (reservation: Reservation, check: BudgetCheck | null = null): Verdict => ({
  ok: true,
  answer: { reservation, check, repeated: false },
});
export const repeated = (reservation: Reservation, check: BudgetCheck | null = null): Verdict => ({
  ok: true,
  answer: { reservation, check, repeated: true },
});
export const refused = (error: UserError): Verdict => ({ ok: false, error: new DomainError([error]) });

/** What a budget says to what it grants. */
export const granted: BudgetCheck = {
  allowed: true,
  requiresApproval: false,
  budgetExceeded: false,
  emergencyStopRequired: false,
  violations: [],
};

/** What a plain move of this call has made of the reservation. */
export function afterMove(call: Call, move: AttributedMove, before: Reservation | null): Verdict {
  if (move.kind === 'hold') {
    const { reservationId: id, projectId, approvalId, tokens, cost, createdAt, expiresAt } = move;
    const open = { status: 'HELD', committedTokens: null, committedCost: null } as const;
    return done({ id, projectId, approvalId, tokens, cost, createdAt, expiresAt, ...open }, granted);
  }
  if (call.kind !== 'commit') return done({ ...before!, status: 'RELEASED' });
  return done({ ...before!, status: 'COMMITTED', committedTokens: call.tokens, committedCost: call.cost });
}

/**
 * What is to be answered whatever the budget says, or null where the reservation is still to be moved: what an
 * agent's call holds is settled with the call alone (behaviour 5.2, 5.3), COMMITTED is for ever, and what has been given
 * back is not given back again (behaviour 6.3).
 */
export function settledBefore(call: EndCall, reservation: Reservation | undefined): Verdict | null {
  if (reservation === undefined || !inScope(call.viewer, reservation.projectId))
    return refused(noReservation);
  // Else an agent's call would run with nothing held, or its real figures would find the hold settled and not count.
  if (reservation.approvalId !== null) return refused(heldForCall);
  const { status, committedTokens, committedCost } = reservation;
  if (call.kind === 'release') {
    if (status === 'HELD') return null;
    return status === 'COMMITTED'
      ? refused({ code: 'INVALID_STATE', message: 'the reservation was committed: what was spent counts' })
      : repeated(reservation);
  }
  if (status !== 'COMMITTED') return null;
  if (committedTokens === call.tokens && committedCost === call.cost) return repeated(reservation);
  const figures = `${committedTokens} tokens and ${toDollars(committedCost!)}`;
  return refused({ code: 'INVALID_STATE', message: `the reservation was committed before, with ${figures}` });
}

/** The move that a call asks for; a new reservation gets the id given. */
export function moveOf(
  call: Call,
  reservation: Pick<Reservation, 'id' | 'projectId'>,
  now: Date,
): AttributedMove {
  const { id: reservationId, projectId } = reservation;
  const about = { projectId, reservationId, actor: call.viewer.actor, teamId: null, sessionId: null };
  switch (call.kind) {
    case 'reserve': {
      const { tokens, cost, ttlSeconds } = call;
      const expiresAt = addSeconds(now, ttlSeconds);
      return { ...about, kind: 'hold', tokens, cost, approvalId: null, createdAt: now, expiresAt };
    }
    case 'commit':
      return { ...about, kind: 'settle', tokens: call.tokens, cost: call.cost };
    case 'release':
      return { ...about, kind: 'release' };
  }
}

/** Decides a call on a budget and a reservation that are locked. */
export function decideLocked(
  call: Call,
  move: AttributedMove,
  draft: BudgetDraft | undefined,
  reservation: Reservation | undefined,
): Verdict {
  if (call.kind === 'reserve') {
    if (draft === undefined || move.kind !== 'hold') return refused(noProject);
    const { granted: made, check } = hold(draft, move);
    const asked = { tokens: BigInt(move.tokens), cost: move.cost };
    return made === null ? { ok: false, error: notGranted(check, draft.state, asked) } : done(made, check);
  }
  const before = settledBefore(call, reservation);
  if (before !== null) return before;
  if (move.kind === 'settle') return done(settle(draft!, move, reservation!));
  return done(giveBack(draft!, reservation!, 'RELEASED', move));
}
