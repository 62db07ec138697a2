/** Every fact that the log can hold (behaviour 9.1). A new one is added here before a verb can write it. */
export const eventTypes = [
  'project_created',
  'team_created',
  'api_key_created',
  'api_key_revoked',
  'session_created',
  'session_status_changed',
  'conversation_turn_appended',
  'execution_reported',
  'task_created',
  'task_finished',
  'intervention_requested',
  'intervention_claimed',
  'intervention_released',
  'intervention_resolved',
  'intervention_cancelled',
  'intervention_delivered',
  'escalation_triggered',
  'timeout_occurred',
  'auto_continue_triggered',
  'human_override',
] as const;
export type EventType = (typeof eventTypes)[number];
