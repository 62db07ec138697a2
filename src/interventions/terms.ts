import type { InterventionType, Role } from '../generated/prisma/enums.ts';
import type { WorkingHours } from '../kernel/working-hours.ts';
import type { Configuration } from '../supervision/configuration-schema.ts';
import { supervisionOf } from '../supervision/in-force.ts';
import { weekdays } from '../supervision/weekdays.ts';

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
    /** How much of a window has passed at each reminder, rising, above 0 and below 1. Left out: none. */
    reminders?: number[];
    /** When its windows run; left out: always. */
    hours?: WorkingHours;
    /** How often the levels are gone through again after the last one. Left out: not. */
    repeat?: number;
  };
  /** An answer without a reasoning is refused (behaviour 4.5). Left out: it is not. */
  requireReason?: boolean;
}

/** What holds for a request that says nothing itself. */
export interface AskTerms {
  /** Seconds. */
  timeout: number;
  autoContinue: boolean;
  asyncMode: boolean;
  terms: Terms;
}

/** How long a level is asked where nothing says so, in seconds. */
const LEVEL_SECONDS = 600;

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
        { role: 'SUPERVISOR', timeout: LEVEL_SECONDS },
        { role: 'MANAGER', timeout: LEVEL_SECONDS },
        { role: 'ADMIN', timeout: LEVEL_SECONDS },
      ],
    },
  },
} as const satisfies AskTerms;

/** Pending interventions that a team may have (behaviour 4.1): worked on at once, and in the queue behind them. */
const MAX_CONCURRENT_INTERVENTIONS = 10;
const INTERVENTION_QUEUE_SIZE = 100;

/** Who asks for what: a configuration may say something else for each type, and for each agent. */
export interface Asking {
  type: InterventionType;
  agentName: string;
}

/**
 * The terms of a team's requests (behaviour 4.5, 4.8, 4.9, 4.11): what its configuration says of the agent, else of the
 * type, else of all, else the defaults.
 */
export function askTerms(configuration: Configuration | null, { type, agentName }: Asking): AskTerms {
  if (configuration === null) return defaultTerms;
  const {
    global = {},
    intervention_types = {},
    async_execution = {},
  } = configuration.human_supervision ?? {};
  const ofType = intervention_types[type.toLowerCase() as Lowercase<InterventionType>] ?? {};
  const ofAgent = supervisionOf(configuration, agentName);
  const after = ofType.escalation_timeout ?? global.escalation_timeout ?? null;
  const listed: readonly { role: Role; timeout: number | undefined }[] =
    ofType.escalation_levels?.map(({ role, timeout }) => ({
      role: role.toUpperCase() as Uppercase<typeof role>,
      timeout: timeout ?? after ?? undefined,
    })) ?? defaultTerms.terms.escalation.levels.map(({ role }) => ({ role, timeout: after ?? undefined }));
  const async = async_execution.enabled === false ? undefined : async_execution.default_mode;
  return {
    timeout: ofType.timeout ?? global.timeout ?? defaultTerms.timeout,
    autoContinue: ofType.auto_continue ?? global.auto_continue ?? defaultTerms.autoContinue,
    asyncMode: ofType.async_mode ?? (async === undefined ? defaultTerms.asyncMode : async === 'async'),
    terms: {
      v: 1,
      escalation: {
        automatic:
          ofAgent?.escalation_enabled ?? ofType.escalation_enabled ?? global.escalation_enabled ?? true,
        // A configuration that names no time climbs when the first window ends.
        after,
        levels: listed
          .slice(0, global.max_escalation_levels)
          .map(({ role, timeout = LEVEL_SECONDS }) => ({ role, timeout })),
        ...rhythmOf(ofType, global),
      },
      ...((ofAgent?.ui_config?.require_reason ?? ofType.ui_config?.require_reason)
        ? { requireReason: true }
        : {}),
    },
  };
}

type Rhythm = Pick<Terms['escalation'], 'reminders' | 'hours' | 'repeat'>;
type Chain = NonNullable<NonNullable<Configuration['human_supervision']>['global']>;

/** How a chain reminds, when it runs and how often; what is not said is left out. */
function rhythmOf(ofType: Pick<Chain, 'reminders' | 'working_hours' | 'repeat'>, global: Chain): Rhythm {
  const reminders = ofType.reminders ?? global.reminders;
  const hours = ofType.working_hours ?? global.working_hours;
  const repeat = ofType.repeat ?? global.repeat;
  return {
    ...(reminders === undefined ? {} : { reminders: reminders.toSorted((a, b) => a - b) }),
    ...(hours === undefined
      ? {}
      : {
          hours: {
            timeZone: hours.time_zone,
            days: (hours.days ?? weekdays.slice(0, 5)).map((day) => weekdays.indexOf(day) + 1),
            from: hours.from,
            until: hours.until,
          },
        }),
    ...(repeat === undefined ? {} : { repeat }),
  };
}

/** How many of a team's pending requests are notified of at once (behaviour 4.1). */
export const maxConcurrent = (configuration: Configuration | null): number =>
  configuration?.human_supervision?.performance?.max_concurrent_interventions ?? MAX_CONCURRENT_INTERVENTIONS;

/** The most that may be pending in one team (behaviour 4.1). */
export const queueBound = (configuration: Configuration | null): number =>
  maxConcurrent(configuration) +
  (configuration?.human_supervision?.performance?.intervention_queue_size ?? INTERVENTION_QUEUE_SIZE);

export const termsOf = (intervention: { terms: unknown }): Terms => intervention.terms as Terms;
