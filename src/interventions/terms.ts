import type { Role } from '../generated/prisma/enums.ts';

/** One rung of an escalation chain: who must answer, and for how long they are asked. */
export interface EscalationLevel {
  role: Role;
  /** Seconds. */
  timeout: number;
}

/** What is fixed on an intervention when it is asked, beside its columns (behaviour 4.14). */
export interface Terms {
  /** Raised when the shape changes: items live longer than releases. */
  v: 1;
  escalation: {
    /** By itself when a window ends; by hand it may always be escalated. */
    automatic: boolean;
    /** Seconds from the request to level 1; null: at the end of the first window. */
    after: number | null;
    levels: EscalationLevel[];
  };
}

/** The numbers of behaviour 4.9, for a team that has no configuration. */
export const defaultTerms = {
  timeout: 300,
  autoContinue: false,
  asyncMode: false,
  terms: {
    v: 1,
    escalation: {
      automatic: true,
      after: 600,
      levels: [
        { role: 'SUPERVISOR', timeout: 600 },
        { role: 'MANAGER', timeout: 600 },
        { role: 'ADMIN', timeout: 600 },
      ],
    },
  },
} as const satisfies { timeout: number; autoContinue: boolean; asyncMode: boolean; terms: Terms };

/** Pending interventions that a team may have (behaviour 4.1): worked on at once, and in the queue behind them. */
export const MAX_CONCURRENT_INTERVENTIONS = 10;
export const INTERVENTION_QUEUE_SIZE = 100;

export const termsOf = (intervention: { terms: unknown }): Terms => intervention.terms as Terms;
