import { firstNumber, type ReportedEvent, valueOf } from './values.ts';

// Names that mean more than an event of that name, where a configuration's condition has them (behaviour 8.5). The table
// in docs/supervision.md says the same.

/** Below this an agent is not confident. */
const CONFIDENT = 0.7;
/** What a request for money is called, in the order that it is looked for. */
export const amountNames = ['budget_amount', 'budget_impact', 'amount', 'cost', 'budget'] as const;
const thresholdNames = ['budget_threshold', 'cost_threshold', 'threshold'] as const;
export const confidenceNames = ['confidence', 'confidence_score'] as const;
const concernNames = ['concern', 'ethical_concerns'] as const;
/** Whole words, in what the agent was told or said. */
const CONCERNS = /\b(?:personal data|privacy|discriminat(?:ion|ory)|bias(?:ed)?|harmful)\b/i;

/** 0 to 1. What is above 1 is in per cent. */
export function confidenceOf(event: Pick<ReportedEvent, 'metrics' | 'context'>): number | null {
  const confidence = firstNumber(event, confidenceNames);
  return confidence !== null && confidence > 1 ? confidence / 100 : confidence;
}

const meanings: Record<string, (event: ReportedEvent) => boolean> = {
  budget_exceeded(event) {
    const [amount, threshold] = [firstNumber(event, amountNames), firstNumber(event, thresholdNames)];
    return amount !== null && threshold !== null && amount > threshold;
  },
  confidence_low(event) {
    const confidence = confidenceOf(event);
    return confidence !== null && confidence < CONFIDENT;
  },
  ethical_concern(event) {
    const said = concernNames.map((name) => valueOf(event, [name]));
    if (said.some((value) => (typeof value === 'string' || Array.isArray(value)) && value.length > 0))
      return true;
    return [event.input, event.output].some((text) => text !== null && CONCERNS.test(text));
  },
};

/** Whether the event is such a one by its figures or words. False for a name that is no more than an event's. */
export const builtInHolds = (name: string, event: ReportedEvent): boolean =>
  Object.hasOwn(meanings, name) && meanings[name]!(event);
