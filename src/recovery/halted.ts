import type { SessionStatus, StopCondition, TaskStatus } from '../generated/prisma/enums.ts';
import type { Actor } from '../identity/viewer.ts';

// What a stop left behind, as one read of the database found it: what assessments, plans and checks are made of.

export interface HaltedSession {
  readonly id: string;
  readonly runner: string;
  /** What it comes back to. */
  readonly was: SessionStatus;
}

export interface HaltedTask {
  readonly id: string;
  readonly sessionId: string;
  readonly agentName: string;
  /** What it comes back to. */
  readonly was: TaskStatus;
  /** A call of it had started, and no answer to it has been settled: whether it had an effect is not known. */
  readonly started: boolean;
  /** An answer of it is pending that analysis flagged CRITICAL. */
  readonly flagged: boolean;
}

/** The day's line of the budget that stops are triggered by, in ten-thousandths of a dollar. */
export interface DayCost {
  readonly used: bigint;
  readonly reserved: bigint;
  readonly limit: bigint;
  readonly overridden: bigint;
  /** When the period ends: what was used counts no more from then on. */
  readonly end: Date;
}

export interface FailedTask {
  readonly id: string;
  readonly agentName: string;
  readonly finishedAt: string;
  /** The beginning of what it reported, as text. */
  readonly error: string | null;
}

export interface FlaggedAnswer {
  readonly approvalId: string;
  readonly sessionId: string | null;
  readonly taskId: string | null;
  readonly status: string;
  readonly summary: string;
}

export interface Usage {
  /** Per cent. */
  readonly value: number;
  readonly at: string;
  readonly agentName: string | null;
}

export interface StopFacts {
  readonly id: string;
  readonly conditions: readonly StopCondition[];
  readonly reason: string;
  readonly severity: string;
  readonly triggeredBy: Actor;
  readonly createdAt: string;
  readonly haltedAt: string | null;
}

/** What can still be said about the causes of a stop. */
export interface Evidence {
  readonly dayCost: DayCost | null;
  /** Of the last ten tasks that finished before the stop. */
  readonly failedTasks: readonly FailedTask[];
  readonly finishedTasks: number;
  /** Answers flagged CRITICAL, newest first. */
  readonly flagged: readonly FlaggedAnswer[];
  /** The last `resource_usage` that any agent of the project reported; null: none is on record. */
  readonly usage: Usage | null;
}
