import type { InterventionType } from '../generated/prisma/enums.ts';
import type { OptionCategory } from '../interventions/option.ts';
import type { JsonObject } from '../kernel/json.ts';
import { amountNames, confidenceOf } from './built-in.ts';
import { canFill, fillText } from './fill.ts';
import { firstNumber, type ReportedEvent } from './values.ts';

// The options that requests have which bring none (behaviour 8.6). `metadata.action` says what choosing one means for the
// step that was about to be done: `cancel`, it is not done. Left out: it goes on, as the option says.

export interface OptionDraft {
  id: string;
  label: string;
  description: string;
  value: string;
  category?: OptionCategory;
  metadata?: JsonObject;
  recommended?: boolean;
}

export type OptionSet = (event: ReportedEvent) => OptionDraft[];

const cancel = (id: string, label: string, description: string): OptionDraft => ({
  id,
  label,
  description,
  value: id,
  metadata: { action: 'cancel' },
});

/** The first of these templates that can be filled in whole. */
const firstOf = (event: ReportedEvent, ...templates: string[]): string =>
  fillText(templates.find((template) => canFill(template, event)) ?? templates.at(-1)!, event);

/** An option that is there where what it names has a value. */
const where = (
  event: ReportedEvent,
  template: string,
  option: (text: string) => OptionDraft,
): OptionDraft[] => (canFill(template, event) ? [option(fillText(template, event))] : []);

const amountOf = (event: ReportedEvent, names: readonly string[]): JsonObject => {
  const amount = firstNumber(event, names);
  return amount === null ? {} : { budget_impact: amount };
};

const modify: OptionDraft = {
  id: 'modify',
  label: 'Go on differently',
  description: 'Change the approach as you say in your own words',
  value: 'modify',
  category: 'MODIFICATION',
};

const byCondition: Record<string, OptionSet> = {
  budget_exceeded: (event) => [
    {
      id: 'approve_recommended',
      label: 'Approve what is recommended',
      description: firstOf(
        event,
        '{{recommendation}} - {{reasoning}}',
        '{{recommendation}}',
        'Spend what was asked for',
      ),
      value: 'approve',
      category: 'APPROVAL',
      metadata: amountOf(event, amountNames),
      recommended: true,
    },
    ...where(event, '{{alternative_recommendation}}', (text) => ({
      id: 'approve_alternative',
      label: 'Approve the alternative',
      description: canFill('{{alternative_reasoning}}', event)
        ? `${text} - ${fillText('{{alternative_reasoning}}', event)}`
        : text,
      value: 'approve_alternative',
      category: 'APPROVAL' as const,
      metadata: amountOf(event, ['alternative_amount']),
    })),
    cancel('reject', 'Reject all of it', 'Nothing is spent; the agent looks for another way'),
  ],
  confidence_low: (event) => [
    {
      id: 'proceed_cautiously',
      label: 'Go on with caution',
      description: firstOf(
        event,
        'Go on as planned, with these safeguards: {{safeguards}}',
        'Go on as planned, with more safeguards',
      ),
      value: 'proceed_cautiously',
      ...(confidenceOf(event) === null ? {} : { metadata: { confidence: confidenceOf(event) } }),
      recommended: true,
    },
    {
      id: 'gather_more_info',
      label: 'Find out more first',
      description: firstOf(
        event,
        'Before deciding, find out: {{info_needed}}',
        'Find out more before deciding',
      ),
      value: 'gather_info',
      category: 'INFORMATION',
    },
    {
      id: 'consult_expert',
      label: 'Ask an expert',
      description: firstOf(
        event,
        'Ask somebody who knows {{expertise_area}}',
        'Ask somebody who knows the field',
      ),
      value: 'consult_expert',
      category: 'EXPERT_CONSULTATION',
    },
  ],
  ethical_concern: (event) => [
    {
      ...cancel('halt_and_review', 'Stop and review', 'Do nothing more of this until it has been looked at'),
      recommended: true,
    },
    ...['a', 'b'].flatMap((one) =>
      where(event, `{{ethical_approach_${one}_title}}`, (title) => ({
        id: `ethical_approach_${one}`,
        label: title,
        description: firstOf(event, `{{ethical_approach_${one}_description}}`, title),
        value: `ethical_approach_${one}`,
      })),
    ),
    { ...modify, id: 'proceed_with_safeguards', label: 'Go on with safeguards' },
  ],
  team_conflict: (event) => [
    ...['a', 'b'].flatMap((one) =>
      where(event, `{{resolution_${one}_title}}`, (title) => ({
        id: `resolution_${one}`,
        label: title,
        description: firstOf(event, `{{resolution_${one}_description}}`, title),
        value: `resolution_${one}`,
      })),
    ),
    modify,
    {
      id: 'mediation',
      label: 'Have a supervisor mediate',
      description: 'Somebody with more authority decides',
      value: 'mediation',
      category: 'ESCALATION',
      metadata: { escalation_level: 1 },
    },
  ],
  external_api_call: (event) => [
    {
      id: 'proceed',
      label: 'Make the call',
      description: firstOf(event, '{{recommendation}}', '{{purpose}}', 'Make the call as it was proposed'),
      value: 'proceed',
      category: 'APPROVAL',
      recommended: true,
    },
    { ...modify, label: 'Change the call' },
    ...where(event, '{{alternative_method}}', (text) => ({
      id: 'alternative',
      label: 'Take another way',
      description: text,
      value: 'alternative',
    })),
    cancel('cancel', 'Do not call', 'The call is not made'),
  ],
};

/** The set of a condition that is the name of a built-in one; null: of its type. */
export const setOfCondition = (condition: string): OptionSet | null =>
  Object.hasOwn(byCondition, condition.trim()) ? byCondition[condition.trim()]! : null;

const goOn = (label: string, description: string): OptionDraft => ({
  id: 'proceed',
  label,
  description,
  value: 'proceed',
  recommended: true,
});
const approve = (label: string, description: string): OptionDraft => ({
  id: 'approve',
  label,
  description,
  value: 'approve',
  category: 'APPROVAL',
});
const stop = cancel('cancel', 'Stop', 'Do not do this, and look for another way');
const handOver: OptionDraft = {
  id: 'escalate',
  label: 'Ask the next level',
  description: 'Somebody with more authority decides',
  value: 'escalate',
  category: 'ESCALATION',
};
const recommended = (event: ReportedEvent, otherwise: string): string =>
  firstOf(event, '{{recommendation}}', otherwise);
const costing = (event: ReportedEvent, option: OptionDraft): OptionDraft => ({
  ...option,
  metadata: { ...option.metadata, ...amountOf(event, amountNames) },
});

export const optionSets: Record<InterventionType, OptionSet> = {
  DECISION: (event) => [costing(event, goOn('Go on', recommended(event, 'Go on as planned'))), modify, stop],
  FOLLOW_UP: (event) => [goOn('Go on', recommended(event, 'Go on with the next step')), modify, stop],
  APPROVAL: (event) => [
    costing(event, approve('Approve', recommended(event, 'Do it as it was proposed'))),
    modify,
    cancel('reject', 'Reject', 'It is not done'),
  ],
  ESCALATION: (event) =>
    [goOn('Go on', recommended(event, 'Go on as planned')), handOver, modify, stop].map((option) => ({
      ...option,
      recommended: false,
    })),
  QUALITY_REVIEW: () => [
    approve('Accept', 'The work is good enough'),
    { ...modify, label: 'Have it improved', description: 'Say what is to be better' },
    cancel('reject', 'Reject', 'The work is not used'),
  ],
  ERROR_RESOLUTION: (event) => [
    {
      id: 'retry',
      label: 'Try again',
      description: recommended(event, 'Do the same once more'),
      value: 'retry',
    },
    { id: 'skip', label: 'Leave it out', description: 'Go on without this step', value: 'skip' },
    modify,
    stop,
  ],
  RISK_ASSESSMENT: (event) =>
    [
      costing(event, goOn('Accept the risk', recommended(event, 'Go on as planned'))),
      { ...modify, label: 'Lower the risk first', description: 'Say what must be done before' },
      handOver,
      stop,
    ].map((option) => ({ ...option, recommended: false })),
  COMPLIANCE_CHECK: () => [
    approve('It complies', 'It may be done as it is'),
    { ...modify, label: 'Have it corrected', description: 'Say what must be different' },
    handOver,
    stop,
  ],
};
