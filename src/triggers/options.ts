import type { InterventionType } from '../generated/prisma/enums.ts';
import { toDollars, toUnits } from '../budgets/state.ts';
import type { Option, OptionCategory } from '../interventions/option.ts';
import type { JsonObject } from '../kernel/json.ts';
import { amountNames } from './built-in.ts';
import { fillObject, fillText } from './fill.ts';
import type { ConfiguredOption } from './match.ts';
import { optionSets, setOfCondition } from './option-sets.ts';
import { numberOf, type ReportedEvent, shortened } from './values.ts';

// Which ways to answer a request has (behaviour 8.6): whoever brings some, else those of its condition or type; each
// looked at against what may be spent and who there is to ask, and ranked.

/** What options are checked against, as it stands when they are made. */
export interface Limits {
  /** What is left of the project's cost today and this month, in ten-thousandths of a dollar; null: not known. */
  readonly left: { readonly day: bigint; readonly month: bigint } | null;
  /** Levels that the request can climb to. */
  readonly levels: number;
}

/** Options of a trigger of the configuration, filled in. */
export const configuredOptions = (options: readonly ConfiguredOption[], event: ReportedEvent): Option[] =>
  options.map(({ id, label, description, value, metadata, recommended }) => ({
    id,
    // A value may be empty, and a label not.
    label: fillText(label, event).trim() || id,
    description: fillText(description ?? '', event),
    value: fillText(value, event),
    category: 'SELECTION' as OptionCategory,
    metadata: fillObject((metadata ?? {}) as JsonObject, event),
    recommended: recommended ?? false,
    disabled: false,
    disabledReason: null,
  }));

/** Risks at which nothing is recommended, for a recommended option is what the clock would choose (behaviour 4.10). */
const GRAVE = new Set(['high', 'critical']);

/** The options of a built-in condition, else of the type. `condition` null: an agent asks by itself. */
export function generatedOptions(
  type: InterventionType,
  condition: string | null,
  event: ReportedEvent,
): Option[] {
  const drafts = (condition === null ? null : setOfCondition(condition)) ?? optionSets[type];
  const risk = event.metrics.risk_level ?? event.context.risk_level;
  const grave = typeof risk === 'string' && GRAVE.has(risk.toLowerCase());
  return drafts(event).map(({ category = 'SELECTION', metadata = {}, recommended = false, ...rest }) => ({
    ...rest,
    label: shortened(rest.label, MAX_LABEL),
    category,
    metadata,
    recommended: recommended && !grave,
    disabled: false,
    disabledReason: null,
  }));
}

const MAX_LABEL = 200;

/**
 * Each with the reason why it can't be chosen, where there is one; the recommended one first, then those that can be
 * chosen, each in the order that they came. At most one is recommended: the first that can be chosen.
 */
export function checkedOptions(options: readonly Option[], limits: Limits): Option[] {
  const checked = options.map((option) => constrained(option, limits));
  const best = checked.findIndex(({ recommended, disabled }) => recommended && !disabled);
  const rank = (option: Option): number => (option.recommended ? 0 : option.disabled ? 2 : 1);
  return checked
    .map((option, at) =>
      option.recommended === (at === best) ? option : { ...option, recommended: at === best },
    )
    .toSorted((a, b) => rank(a) - rank(b));
}

function constrained(option: Option, limits: Limits): Option {
  if (option.disabled) return option;
  const reason = withoutLevel(option, limits) ?? withoutMoney(option, limits);
  return reason === null ? option : { ...option, disabled: true, disabledReason: reason };
}

/** Policy: there must be somebody to escalate to (behaviour 4.11). */
function withoutLevel({ category, metadata }: Option, { levels }: Limits): string | null {
  const named = numberOf(metadata.escalation_level);
  const level = named ?? (category === 'ESCALATION' ? 1 : null);
  if (level === null || level <= levels) return null;
  return levels === 0
    ? 'requests of this team have no level to escalate to'
    : `there is no level ${level} to escalate to`;
}

/** Resources: what it costs must be left (behaviour 6.2). */
function withoutMoney({ metadata }: Option, { left }: Limits): string | null {
  const cost = costOf(metadata);
  if (cost === null || left === null) return null;
  const [remaining, line] = left.day <= left.month ? [left.day, 'COST_DAILY'] : [left.month, 'COST_MONTHLY'];
  if (cost <= remaining) return null;
  const period = line === 'COST_DAILY' ? 'today' : 'this month';
  return `needs ${toDollars(cost)}; ${toDollars(remaining)} is left ${period}`;
}

/** What choosing an option costs, in ten-thousandths of a dollar, rounded up; null: it does not say. */
export function costOf(metadata: JsonObject): bigint | null {
  for (const name of amountNames) {
    const amount = Object.hasOwn(metadata, name) ? numberOf(metadata[name]) : null;
    if (amount === null) continue;
    // A number past this is past every limit, and has no decimal of four places.
    if (amount <= 0) return 0n;
    return amount >= 1e11 ? toUnits('100000000000') : BigInt(Math.ceil(Number((amount * 10_000).toFixed(4))));
  }
  return null;
}
