import type { InterventionUrgency } from '../generated/prisma/enums.ts';
import { canFill, fillText } from './fill.ts';
import type { Rule } from './match.ts';
import { type ReportedEvent, shortened } from './values.ts';

// What a person reads where a trigger brings no message of its own (behaviour 8.5).

interface Template {
  readonly opening: string;
  /** Each is said where all that it names has a value. */
  readonly lines: readonly string[];
  readonly question: string;
  readonly urgency: InterventionUrgency;
}

const lines = {
  situation: 'Situation: {{situation}}',
  recommendation: 'Recommended: {{recommendation}}',
  reasoning: 'Why: {{reasoning}}',
  risk: 'Risk: {{risk_level}}',
  impact: 'Impact: {{impact}}',
};

const templates: Record<string, Template> = {
  budget_exceeded: {
    opening: '{{agent_name}} needs approval for spending that is beyond its threshold.',
    lines: [
      lines.situation,
      'Amount: ${{budget_amount}}',
      'Amount: ${{amount}}',
      'Threshold: ${{budget_threshold}}',
      lines.recommendation,
      lines.reasoning,
      lines.risk,
      'Otherwise: {{alternative_recommendation}}',
    ],
    question: 'Which of these may it do?',
    urgency: 'HIGH',
  },
  confidence_low: {
    opening: '{{agent_name}} is not confident enough to decide this alone.',
    lines: [
      lines.situation,
      'Confidence: {{confidence}}%',
      'Confidence: {{confidence_score}}%',
      lines.recommendation,
      lines.reasoning,
      'Missing: {{info_needed}}',
    ],
    question: 'How should it go on?',
    urgency: 'NORMAL',
  },
  ethical_concern: {
    opening: '{{agent_name}} has met a question of ethics or privacy.',
    lines: ['Concern: {{concern}}', lines.situation, lines.impact, lines.recommendation, lines.reasoning],
    question: 'May it go on, and how?',
    urgency: 'HIGH',
  },
  team_conflict: {
    opening: 'Agents of the team disagree, and {{agent_name}} asks for a decision.',
    lines: [
      'About: {{issue}}',
      'Conflict: {{conflict_description}}',
      'Between: {{parties}}',
      'Cause: {{root_cause}}',
      lines.recommendation,
    ],
    question: 'Which way do they take?',
    urgency: 'NORMAL',
  },
  external_api_call: {
    opening: '{{agent_name}} wants to call a service outside.',
    lines: [
      'Call: {{api_call}}',
      'Purpose: {{purpose}}',
      'Data sent: {{data}}',
      lines.impact,
      'Security: {{security}}',
      lines.recommendation,
    ],
    question: 'May it make the call?',
    urgency: 'NORMAL',
  },
};

/** Characters of what was told or said that are repeated in the message; all of it stands in the context. */
const MAX_QUOTED = 500;

const byDefault: Template = {
  opening: '{{agent_name}} reported {{event_type}}, about which its team asks a person.',
  lines: [lines.situation, lines.recommendation, lines.reasoning, lines.risk, lines.impact],
  question: 'How should it go on?',
  urgency: 'NORMAL',
};

const templateOf = ({ condition }: Rule): Template =>
  Object.hasOwn(templates, condition.trim()) ? templates[condition.trim()]! : byDefault;

export const urgencyOf = (rule: Rule): InterventionUrgency => templateOf(rule).urgency;

/** The message of what a rule asks: its own, else the built-in one; and why it asks where that is not decided. */
export function messageOf(rule: Rule, undecided: string | null, event: ReportedEvent): string {
  const own = rule.message === null ? generated(rule, event) : fillText(rule.message, event);
  if (undecided === null) return own;
  // The message of a rule speaks of what may not be so: the reason goes first.
  const reason = `Whether ${JSON.stringify(rule.condition)} holds can't be said: ${undecided}.`;
  return shortened(`${reason}\n\n${own}`, 20_000);
}

function generated(rule: Rule, event: ReportedEvent): string {
  const template = templateOf(rule);
  const said = template.lines.filter((line) => canFill(line, event)).map((line) => fillText(line, event));
  const quoted = (
    [
      ['Told', event.input],
      ['Said', event.output],
    ] as const
  ).flatMap(([word, text]) =>
    text === null || text.trim() === '' ? [] : [`${word}: ${shortened(text, MAX_QUOTED)}`],
  );
  return [
    fillText(template.opening, event),
    ...(template === byDefault ? [`Rule: ${rule.condition}`] : []),
    ...said,
    ...quoted,
    template.question,
  ].join('\n');
}
