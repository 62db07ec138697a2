import type { Tx } from '../../database/transact.ts';
import type { Lifted } from '../../emergency/lift.ts';
import type { RecoveryStep } from '../../generated/prisma/client.ts';
import type { Actor } from '../../identity/viewer.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { RecoveryDeps } from '../deps.ts';
import type { Recovery } from '../rules.ts';

/** What a step is done with, in the transaction that also writes that it is done. */
export interface Doing {
  readonly recovery: Recovery;
  readonly step: RecoveryStep;
  /** Who has it done: the person who called for it, or who approved it. */
  readonly actor: Actor;
  readonly now: Date;
}

export interface Done {
  /** Kept in the step. */
  readonly result: JsonObject;
  /** The stop was lifted: what has to be told of it once this has committed. */
  readonly lifted?: Lifted;
  /** Events that the action wrote, and what else it changed, for those who show it. */
  readonly eventIds?: readonly string[];
  readonly budget?: boolean;
}

/**
 * One kind of step. All that it does is in `tx`, and so is the step's own end: it happens once or not at all, and may be
 * run again after a crash. It fails with a StepFailed.
 */
export interface Action {
  run(tx: Tx, deps: RecoveryDeps, doing: Doing): Promise<Done>;
  /** Where people do what the step says (MANUAL): what is worth keeping beside their note. Absent: it is run all the same. */
  byHand?(tx: Tx, deps: RecoveryDeps, doing: Doing): Promise<Done>;
}

/** It can't be done as things stand, and nothing of it was: the message says what is wrong, for the person who must know. */
export class StepFailed extends Error {
  override name = 'StepFailed';
}
