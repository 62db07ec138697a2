import type { InterventionType, InterventionUrgency } from '../generated/prisma/enums.ts';
import type { Option } from '../interventions/option.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Match } from './match.ts';
import { checkedOptions, configuredOptions, generatedOptions, type Limits } from './options.ts';
import { messageOf, urgencyOf } from './templates.ts';
import type { ReportedEvent } from './values.ts';

/** What a trigger asks of a person. */
export interface TriggeredQuestion {
  type: InterventionType;
  urgency: InterventionUrgency;
  message: string;
  options: Option[];
  context: JsonObject;
  /** The condition as it was written. */
  trigger: string;
}

/** Pure. The request of a rule that matched (behaviour 8.4 to 8.6). */
export function questionOf(
  { rule, undecided }: Match,
  event: ReportedEvent,
  limits: Limits,
): TriggeredQuestion {
  return {
    type: rule.type,
    urgency: urgencyOf(rule),
    message: messageOf(rule, undecided, event),
    options: checkedOptions(
      rule.options === null
        ? generatedOptions(rule.type, rule.condition, event)
        : configuredOptions(rule.options, event),
      limits,
    ),
    context: {
      ...event.context,
      // Set last: an agent cannot say that another rule asked.
      supervision: {
        condition: rule.condition,
        about: rule.about,
        undecided,
        event: event.type,
        input: event.input,
        output: event.output,
        metrics: event.metrics,
      },
    },
    trigger: rule.condition,
  };
}
