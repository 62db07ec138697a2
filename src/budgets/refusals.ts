import { DomainError, type UserError } from '../kernel/errors.ts';
import { projectStopped } from '../sessions/rules.ts';
import { type Amounts, type BudgetCheck, shortfall } from './rules.ts';
import type { BudgetState } from './state.ts';

/** A reservation that was not granted, with what the budget says to it. Caught by the door, which shows the check. */
export class NotGranted extends DomainError {
  readonly check: BudgetCheck;

  constructor(error: UserError, check: BudgetCheck) {
    super([error]);
    this.name = 'NotGranted';
    this.check = check;
  }
}

/** Of a budget with its periods running, as it stood when it was asked. A stop is said first: no override would help. */
export function notGranted(check: BudgetCheck, state: BudgetState, asked: Amounts): NotGranted {
  if (state.stopped) return new NotGranted(projectStopped, check);
  const message = `the budget cannot carry it: ${shortfall(state, asked)}`;
  return new NotGranted({ code: 'BUDGET_EXCEEDED', message }, check);
}

export const noProject: UserError = {
  code: 'NOT_FOUND',
  message: 'there is no such project',
  path: ['projectId'],
};

export const noReservation: UserError = {
  code: 'NOT_FOUND',
  message: 'there is no such reservation',
  path: ['reservationId'],
};

export const heldForCall: UserError = {
  code: 'INVALID_STATE',
  message: "the reservation is an agent call's: submitAgentResponse settles it, cancelApproval gives it back",
  path: ['reservationId'],
};
