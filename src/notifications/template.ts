import type { Json } from '../kernel/json.ts';
import { fillPlaceholders } from '../triggers/placeholders.ts';
import { shortened } from '../triggers/values.ts';

/** UTF-16 units of a subject, and of what is said where there is little room. */
const MAX_SUBJECT = 200;
const MAX_BRIEF = 2_000;

export type Values = Readonly<Record<string, Json | undefined>>;

export interface Template {
  subject: string;
  body: string;
}

/** What is said where a configuration has no template. */
export const defaultTemplates: Readonly<Record<string, Template>> = {
  intervention_required: {
    subject: 'Decision needed: {{team_name}}',
    body: 'Team: {{team_name}}\nAgent: {{agent_name}}\nType: {{intervention_type}}\nUrgency: {{urgency}}\n\n{{message}}\n\nAnswer within {{timeout}} seconds: {{workstation_url}}\n',
  },
  escalation: {
    subject: 'Escalated to level {{escalation_level}}: {{team_name}}',
    body: 'Team: {{team_name}}\nAgent: {{agent_name}}\nLevel: {{escalation_level}}\nReason: {{escalation_reason}}\n\n{{message}}\n\n{{workstation_url}}\n',
  },
  approval_required: {
    subject: 'Approval needed: {{project_name}}',
    body: 'Risk: {{risk_level}}\n\n{{message}}\n\n{{workstation_url}}\n',
  },
  other: {
    subject: '{{event}}: {{project_name}}',
    body: 'Event: {{event}}\nProject: {{project_name}}\nTeam: {{team_name}}\n\n{{message}}\n\n{{workstation_url}}\n',
  },
};

export const defaultTemplate = (name: string): Template =>
  defaultTemplates[name === 'critical_escalation' ? 'escalation' : name] ?? defaultTemplates.other!;

/** What is said in a line where a configuration has no template: a name for each thing that is told of. */
const briefs: Readonly<Record<string, string>> = {
  intervention_required: 'Decision needed, {{team_name}}: {{message}}',
  reminder: 'Still waiting, {{team_name}}: {{message}}',
  escalation: 'Escalated to level {{escalation_level}}, {{team_name}}: {{message}}',
  critical_escalation: 'Escalated to level {{escalation_level}}, {{team_name}}: {{message}}',
  approval_required: 'Approval needed, {{project_name}}: {{message}}',
};
const BRIEF = '{{event}}, {{project_name}}: {{message}}';

/** `own`: the configuration's template, whose body is said then. */
export const briefOf = (name: string, own: Template | null): string => own?.body ?? briefs[name] ?? BRIEF;

/** Control characters but line break and tab; also what turns the direction of text, or hides in it. */
const CONTROLS = /[^\P{Cc}\n\t]|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Each of them a space. */
export const withoutControls = (text: string): string => text.replace(CONTROLS, ' ');

const oneLine = (text: string): string => withoutControls(text).replace(/\s+/g, ' ').trim();

const shown = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

const fill = (text: string, values: Values): string =>
  fillPlaceholders(text, (name) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined || value === null ? undefined : shown(value);
  });

/** A subject is one line whatever is in it, so that nothing in it can be a header of its own. */
export function render({ subject, body }: Template, values: Values): Template {
  return {
    subject: shortened(oneLine(fill(subject, values)), MAX_SUBJECT),
    body: withoutControls(fill(body, values).replace(/\r\n?/g, '\n')),
  };
}

/** All of it in one line. */
export const renderLine = (template: string, values: Values): string =>
  shortened(oneLine(fill(template, values)), MAX_BRIEF);
