import { type Pattern, placesOf } from './places.ts';

// Settings that are taken as written and that nothing obeys (behaviour 8.1): whoever writes them is told, each time, so
// that nobody relies on them. `*` stands for any one key or place in a list; what lies below an entry is meant too.

export interface Unheeded {
  path: Pattern;
  /** Ends the sentence "… is not used: ". */
  reason: string;
}

const under = (reason: string, ...paths: string[]): Unheeded[] =>
  paths.map((path) => ({ path: path.split('.'), reason }));

const ownWorkstation = 'the address of this server is PUBLIC_URL, and its workstation is part of it';
export const unheeded: readonly Unheeded[] = [
  ...under(
    'every notification is sent as soon as it may be',
    'human_supervision.notifications.channels.*.real_time',
  ),
  ...under(
    'text messages go through Twilio (TWILIO_ACCOUNT_SID), whatever stands here',
    'human_supervision.notifications.channels.*.provider',
  ),
  ...under(
    ownWorkstation,
    'human_supervision.workstation.base_url',
    'human_supervision.workstation.api_key',
    'human_supervision.workstation.workspace_id',
    'human_supervision.workstation.team_id',
    'human_supervision.workstation.real_time',
  ),
  ...under(
    'the workstation arranges itself by the width there is and by what an item has',
    'human_supervision.workstation.ui_customization.layout',
  ),
  ...under(
    'the log records everything, always (9.1)',
    'human_supervision.audit.enabled',
    'human_supervision.audit.log_all_interactions',
  ),
  ...under(
    'it is a name, and nothing enforces what it stands for',
    'human_supervision.audit.compliance_standards',
  ),
  ...under(
    "who may sign in is the server's to say (OIDC_ISSUER)",
    'human_supervision.security.authentication',
  ),
  ...under(
    "connections are the server's and its proxy's matter",
    'human_supervision.security.encryption.data_in_transit',
  ),
  ...under(
    "what is encrypted at rest is the server's to say (ENCRYPTION_KEYS)",
    'human_supervision.security.encryption.data_at_rest',
    'human_supervision.security.encryption.key_rotation_days',
  ),
  ...under(
    'there is one queue of continuations, and queue_priority says which of them go first',
    'human_supervision.async_execution.queue_name',
  ),
  ...under(
    "it is the agent's own, and this server does not run it",
    'agents.*.instructions',
    'agents.*.orchestrator',
    'agents.*.model',
    'agents.*.temperature',
  ),
];

/** Every place of `value` that one of them is about, with its reason. */
export const unheededIn = (value: unknown): { path: string[]; reason: string }[] =>
  unheeded.flatMap(({ path, reason }) =>
    placesOf(value, path).map((place) => ({ path: place.path, reason })),
  );
