import type { InterventionType } from '../generated/prisma/enums.ts';
import { type Configuration, typeNames } from '../supervision/configuration-schema.ts';
import { knownCondition } from './condition.ts';
import { holds } from './evaluate.ts';
import type { ReportedEvent } from './values.ts';

type Agent = NonNullable<Configuration['agents']>[number];
type CustomTrigger = NonNullable<NonNullable<Agent['human_supervision']>['custom_triggers']>[number];
export type ConfiguredOption = NonNullable<CustomTrigger['options']>[number];

/** One trigger of a configuration. */
export interface Rule {
  /** As it was written: it names the rule on the intervention. */
  readonly condition: string;
  readonly type: InterventionType;
  /** What it is about, in a word. */
  readonly about: string | null;
  /** With placeholders; null: the rule brings none of its own. */
  readonly message: string | null;
  readonly options: readonly ConfiguredOption[] | null;
}

export interface Match {
  readonly rule: Rule;
  /** Why nobody can say whether it holds: then a person is asked (behaviour 8.4). Null: it holds. */
  readonly undecided: string | null;
}

/**
 * The triggers that apply to an agent, in the order that they are looked at (behaviour 8.4): its own, as written, then
 * each type's, as written, the types in their fixed order.
 */
export function rulesFor(configuration: Configuration | null, agentName: string): Rule[] {
  if (configuration === null) return [];
  const own = configuration.agents?.find(({ name }) => name === agentName)?.human_supervision ?? {};
  if (own.enabled === false) return [];
  const types = configuration.human_supervision?.intervention_types ?? {};
  const asks = (name: (typeof typeNames)[number]): boolean =>
    types[name]?.enabled !== false && (own.intervention_types?.includes(name) ?? true);
  return [
    ...(own.custom_triggers ?? [])
      .filter(({ intervention_type }) => asks(intervention_type))
      .map(({ condition, context, intervention_type, natural_language, options }) => ({
        condition,
        type: typeOf(intervention_type),
        about: context ?? null,
        message: natural_language ?? null,
        options: options ?? null,
      })),
    ...typeNames.filter(asks).flatMap((name) =>
      (types[name]?.triggers ?? []).map(({ condition, context }) => ({
        condition,
        type: typeOf(name),
        about: context ?? null,
        message: null,
        options: null,
      })),
    ),
  ];
}

const typeOf = (name: (typeof typeNames)[number]): InterventionType =>
  name.toUpperCase() as Uppercase<typeof name>;

/** The first trigger that holds, or of which nobody can say whether it does; null: none asks. Pure. */
export function firstMatch(configuration: Configuration | null, event: ReportedEvent): Match | null {
  for (const rule of rulesFor(configuration, event.agentName)) {
    const read = knownCondition(rule.condition);
    // Refused when the configuration was set; one kept from before this was read stays a reason to ask.
    const found = read.ok ? holds(read.condition, event) : { undecided: `the condition ${read.fault}` };
    if (found === true) return { rule, undecided: null };
    if (found !== false) return { rule, undecided: found.undecided };
  }
  return null;
}
