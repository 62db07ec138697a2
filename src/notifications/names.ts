import type { EventType } from '../events/catalog.ts';

/** What a channel may ask to be told of, by the names that people write. */
export const notificationNames = [
  'intervention_required',
  'reminder',
  'escalation',
  'critical_escalation',
  'intervention_resolved',
  'timeout',
  'approval_required',
  'approval_resolved',
  'approval_timeout_warning',
  'budget_alert',
  'emergency_stop',
  'emergency_stop_resolved',
] as const;
export type NotificationName = (typeof notificationNames)[number];

/** The names that each event goes by, the most particular first; those of the rest are none. */
const namesOfType: Partial<Record<EventType, readonly NotificationName[]>> = {
  intervention_requested: ['intervention_required'],
  intervention_reminder: ['reminder'],
  escalation_triggered: ['critical_escalation', 'escalation'],
  intervention_resolved: ['intervention_resolved'],
  timeout_occurred: ['timeout'],
  agent_approval_requested: ['approval_required'],
  response_approval_requested: ['approval_required'],
  budget_override_requested: ['approval_required'],
  recovery_plan_requested: ['approval_required'],
  recovery_step_requested: ['approval_required'],
  approval_resolved: ['approval_resolved'],
  approval_timeout_warning: ['approval_timeout_warning'],
  budget_alert: ['budget_alert'],
  emergency_stop_triggered: ['emergency_stop'],
  emergency_stop_resolved: ['emergency_stop_resolved'],
};

/** Those that ask people for something: a channel that can edit its messages does so once that is over. */
const asking: ReadonlySet<string> = new Set<NotificationName>([
  'intervention_required',
  'reminder',
  'escalation',
  'critical_escalation',
  'approval_required',
  'approval_timeout_warning',
]);
export const askingNames: readonly string[] = [...asking];
export const isAsking = (name: string): boolean => asking.has(name);

/**
 * Those that say how something came out. A team's `audit.events` narrows these alone: what asks for somebody, or warns, is
 * never held back by what a team wants to have on record (behaviour 8.2).
 */
const reports: ReadonlySet<NotificationName> = new Set([
  'intervention_resolved',
  'timeout',
  'approval_resolved',
  'emergency_stop_resolved',
]);
export const isReport = (name: NotificationName): boolean => reports.has(name);

/** The events by which what was asked for may be over; whether it is stands on the item. */
const endingTypes: readonly EventType[] = [
  'intervention_resolved',
  'intervention_cancelled',
  'timeout_occurred',
  'approval_resolved',
];
export const mayEnd = (type: string): boolean => endingTypes.some((ending) => ending === type);

/** The events that notifications are planned for. */
export const readTypes: readonly EventType[] = [
  ...new Set([...(Object.keys(namesOfType) as EventType[]), ...endingTypes]),
];

export const namesOf = (type: string): readonly NotificationName[] => namesOfType[type as EventType] ?? [];
