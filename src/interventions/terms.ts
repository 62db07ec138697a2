import type { Role } from '../generated/prisma/enums.ts';
import type { Configuration } from '../supervision/configuration-schema.ts';

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

/** What holds for a request that says nothing itself. */
export interface AskTerms {
  /** Seconds. */
  timeout: number;
  autoContinue: boolean;
  asyncMode: boolean;
  terms: Terms;
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
} as const satisfies AskTerms;

/** Pending interventions that a team may have (behaviour 4.1): worked on at once, and in the queue behind them. */
const MAX_CONCURRENT_INTERVENTIONS = 10;
const INTERVENTION_QUEUE_SIZE = 100;

/** The terms of a team's requests (behaviour 4.8, 4.9, 4.11): the defaults, where its configuration says nothing else. */
export function askTerms(configuration: Configuration | null): AskTerms {
  if (configuration === null) return defaultTerms;
  const { timeout, auto_continue, escalation_enabled, escalation_timeout, max_escalation_levels } =
    configuration.human_supervision?.global ?? {};
  const { levels } = defaultTerms.terms.escalation;
  return {
    timeout: timeout ?? defaultTerms.timeout,
    autoContinue: auto_continue ?? defaultTerms.autoContinue,
    asyncMode: defaultTerms.asyncMode,
    terms: {
      v: 1,
      escalation: {
        automatic: escalation_enabled ?? true,
        // A configuration that names no time climbs when the first window ends.
        after: escalation_timeout ?? null,
        levels: levels
          .slice(0, max_escalation_levels)
          .map((level) => ({ ...level, timeout: escalation_timeout ?? level.timeout })),
      },
    },
  };
}

/** The most that may be pending in one team (behaviour 4.1). */
export function queueBound(configuration: Configuration | null): number {
  const { max_concurrent_interventions, intervention_queue_size } =
    configuration?.human_supervision?.performance ?? {};
  return (
    (max_concurrent_interventions ?? MAX_CONCURRENT_INTERVENTIONS) +
    (intervention_queue_size ?? INTERVENTION_QUEUE_SIZE)
  );
}

export const termsOf = (intervention: { terms: unknown }): Terms => intervention.terms as Terms;
