import { z } from 'zod';
import { MAX_TIMEOUT_MINUTES } from '../approvals/terms.ts';
import { InterventionType } from '../generated/prisma/enums.ts';
import { eventTypes } from '../events/catalog.ts';
import { defaultTerms } from '../interventions/terms.ts';
import { roleFaults } from '../identity/team-roles.ts';
import { readCondition } from '../triggers/condition.ts';
import { MAX_NAME, MAX_OPTIONS } from '../kernel/bounds.ts';
import { isTimeZone } from '../kernel/time-zone.ts';
import { notificationNames } from '../notifications/names.ts';
import { channelFaults } from './channel-faults.ts';
import { list, mapping, onceEach, oneOf, seconds, text, whole, yesOrNo } from './schema-parts.ts';
import { weekdays } from './weekdays.ts';

// What a supervision configuration may say; what is not here is refused. The names, their places and their units are
// those that people write; `Configuration` is what was written, with nothing filled in: a default belongs to the room
// whose number it is (interventions/terms.ts, approvals/terms.ts). What is taken and obeyed by nothing is listed in
// unheeded.ts, and told whenever a configuration is read.

const maybeEmpty = z.string('must be a text').max(20_000, 'must have at most 20000 characters');

/** Characters of a condition. */
const MAX_CONDITION = 1_000;
/** Characters of a message, a template or an instruction. */
const MAX_TEXT = 20_000;
/** Triggers of one type or one agent; agents of one team. */
const MAX_TRIGGERS = 100;
const MAX_AGENTS = 200;
/** People who must approve one call, at most. */
const MAX_QUORUM = 20;
const MAX_REMINDERS = 5;
/** Addresses of one email channel, and numbers of one sms channel. */
const MAX_RECIPIENTS = 50;
const MAX_ADDRESS = 254;
/** A public or private channel, or a person's direct messages, by id; or a channel by its name. */
const SLACK_CHANNEL = /^(?:[CGDU][A-Z0-9]{6,20}|#[^\s#@<>&,:]{1,80})$/;
/** Times that a chain may begin again. */
const MAX_REPEATS = 20;
/** What a working day must have at least, so that no window takes years. */
const MIN_SHIFT_MINUTES = 60;
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
/** There are no other levels to climb to (behaviour 4.11). */
const MAX_LEVELS = defaultTerms.terms.escalation.levels.length;
const quorum = whole(1, MAX_QUORUM);

/** The eight types, as people write them. */
export const typeNames = Object.values(InterventionType).map((type) => type.toLowerCase()) as [
  Lowercase<InterventionType>,
  ...Lowercase<InterventionType>[],
];

const customField = mapping({
  name: text(MAX_NAME),
  type: oneOf(['text', 'number', 'currency', 'percentage', 'select', 'boolean', 'date']),
  required: yesOrNo().optional(),
  options: list(text(MAX_NAME), MAX_OPTIONS, 1).optional(),
});

const uiConfig = mapping({
  layout: oneOf(['decision_panel', 'review_panel', 'approval_panel', 'escalation_panel']).optional(),
  require_reason: yesOrNo('An answer without a reasoning is refused with REASON_REQUIRED (4.5)').optional(),
  show_context: yesOrNo().optional(),
  show_alternatives: yesOrNo().optional(),
  show_impact_analysis: yesOrNo().optional(),
  show_progress: yesOrNo().optional(),
  show_metrics: yesOrNo().optional(),
  show_risk_assessment: yesOrNo().optional(),
  show_audit_trail: yesOrNo().optional(),
  show_diagnostics: yesOrNo().optional(),
  show_recommendations: yesOrNo().optional(),
  show_team_status: yesOrNo().optional(),
  show_budget_info: yesOrNo().optional(),
  show_performance_metrics: yesOrNo().optional(),
  allow_modifications: yesOrNo().optional(),
  allow_override: yesOrNo().optional(),
  require_signature: yesOrNo().optional(),
  custom_fields: list(customField, MAX_OPTIONS).optional(),
});

const level = mapping({
  role: oneOf(
    ['operator', 'supervisor', 'manager', 'admin'],
    'Who must answer; a higher role always may (4.11)',
  ),
  timeout: seconds('How long this level is asked').optional(),
});

const time = (description: string) =>
  z
    .string('must be a time such as "09:00"')
    .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be a time such as "09:00"')
    .describe(description);

const clockTime = (description: string) =>
  z
    .string('must be a time such as "22:00"')
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as "22:00"')
    .describe(description);

const workingHours = mapping({
  time_zone: z
    .string('must be a text')
    .refine(isTimeZone, 'must be a time zone such as "Europe/Berlin"')
    .describe('An IANA name'),
  days: list(oneOf(weekdays), weekdays.length, 1).describe('Left out: mon to fri').optional(),
  from: time('The first minute that counts'),
  until: time('The first minute that counts no more; "24:00" is the end of the day'),
}).refine(({ from, until }) => minutesOf(until) - minutesOf(from) >= MIN_SHIFT_MINUTES, {
  path: ['until'],
  message: `must be at least ${MIN_SHIFT_MINUTES} minutes after from`,
});

/** How a chain reminds, when it runs and how often; the same for all types, and for each. */
const rhythm = {
  reminders: list(
    z
      .number('must be a number')
      .gt(0, 'must be more than 0 and less than 1')
      .lt(1, 'must be more than 0 and less than 1'),
    MAX_REMINDERS,
  )
    .refine((reminders) => new Set(reminders).size === reminders.length, 'must not name one twice')
    .describe('A reminder when so much of a window has passed: 0.5 is half of it')
    .optional(),
  working_hours: workingHours.describe('Only this time counts for its windows; left out: all').optional(),
  repeat: whole(0, MAX_REPEATS, 'How often the levels are gone through again after the last one').optional(),
};

const condition = text(MAX_CONDITION, 'A comparison, or the bare name of an event (8.4)').superRefine(
  (written, context) => {
    // One that is empty or too long has been told so.
    if (written === '' || Array.from(written).length > MAX_CONDITION) return;
    const read = readCondition(written);
    if (!read.ok) context.addIssue({ code: 'custom', message: read.fault });
  },
);

const trigger = mapping({
  condition,
  context: text(MAX_NAME, 'What it is about, in a word').optional(),
});

const option = mapping({
  id: text(MAX_NAME),
  label: text(MAX_TEXT),
  description: maybeEmpty.optional(),
  value: text(MAX_TEXT),
  metadata: z.record(z.string(), z.json(), 'must be a mapping').optional(),
  recommended: yesOrNo().optional(),
});

const customTrigger = mapping({
  condition,
  context: text(MAX_NAME, 'What it is about, in a word').optional(),
  intervention_type: oneOf(typeNames),
  natural_language: text(
    MAX_TEXT,
    'What the person reads; {{name}} is filled in from the context (8.5)',
  ).optional(),
  options: list(option, MAX_OPTIONS)
    .superRefine((options, context) => onceEach(options, 'id', 'an option that options', context))
    .describe('Left out: those of the condition, else of the type (8.6)')
    .optional(),
});

const interventionType = mapping({
  enabled: yesOrNo("false: this type's triggers ask nobody; what an agent asks is asked").optional(),
  async_mode: yesOrNo('The agent may work on after the answer (3.3)').optional(),
  timeout: seconds('The window for the first answer').optional(),
  auto_continue: yesOrNo('When that window ends, the agent continues by itself (4.10)').optional(),
  escalation_enabled: yesOrNo('Climbs by itself when nobody answers (4.8)').optional(),
  escalation_timeout: seconds('When level 1 begins, counted from the request').optional(),
  escalation_levels: list(level, MAX_LEVELS, 1).optional(),
  ...rhythm,
  triggers: list(trigger, MAX_TRIGGERS).optional(),
  ui_config: uiConfig.optional(),
});

const agent = mapping({
  name: text(MAX_NAME),
  instructions: maybeEmpty.optional(),
  orchestrator: yesOrNo().optional(),
  model: text(MAX_NAME).optional(),
  temperature: z
    .number('must be a number')
    .min(0, 'must be from 0 to 2')
    .max(2, 'must be from 0 to 2')
    .optional(),
  human_supervision: mapping({
    enabled: yesOrNo('false: no trigger asks about this agent').optional(),
    intervention_types: list(oneOf(typeNames), typeNames.length)
      .describe('Only these types, and their triggers, apply to it; left out: all')
      .optional(),
    escalation_enabled: yesOrNo('Its requests climb by themselves').optional(),
    escalation_instructions: text(MAX_TEXT, 'Goes into its agentInstructions').optional(),
    custom_triggers: list(customTrigger, MAX_TRIGGERS).optional(),
    ui_config: uiConfig.optional(),
  }).optional(),
});

const quietHours = mapping({
  time_zone: z
    .string('must be a text')
    .refine(isTimeZone, 'must be a time zone such as "Europe/Berlin"')
    .describe('An IANA name'),
  from: clockTime('The first quiet minute'),
  until: clockTime('The first minute that is not; the next day where it is not later than from'),
});

const channel = mapping({
  type: oneOf(['websocket', 'email', 'slack', 'sms', 'webhook']),
  enabled: yesOrNo().optional(),
  real_time: yesOrNo().optional(),
  events: list(oneOf(notificationNames), 50).describe('What it is told of; left out: nothing').optional(),
  template: text(MAX_NAME, 'One of templates; left out: the one named like the event').optional(),
  to: list(text(MAX_ADDRESS), MAX_RECIPIENTS, 1)
    .describe('Addresses of an email channel; numbers of an sms channel, such as +4915112345678')
    .optional(),
  slack_channel: z
    .string('must be a text')
    .regex(SLACK_CHANNEL, "must be a channel's id, such as C0123456789, or its name, such as #approvals")
    .describe("Where the server's bot writes to: a channel that it is a member of")
    .optional(),
  webhook_url: maybeEmpty.optional(),
  secret: maybeEmpty.describe('What a webhook is signed with: whsec_ and base64').optional(),
  rate_limit_per_minute: whole(1, 10_000, 'Attempts in any 60 seconds; what is beyond them waits').optional(),
  quiet_hours: quietHours
    .describe('Nothing is sent then, but for what is about a CRITICAL request or a stop')
    .optional(),
  provider: text(MAX_NAME).optional(),
}).superRefine(channelFaults);

const template = mapping({
  subject: text(MAX_TEXT).optional(),
  body: text(MAX_TEXT),
});

/** Of one team. */
const MAX_PATHS = 100;
const sensitivePath = z
  .string('must be a text')
  .max(500, 'must have at most 500 characters')
  .regex(
    /^(?:context|input|output|metadata)(?:\.[^.]+){0,64}$/,
    'must be context, input, output or metadata, and what lies below it: context.customer.*',
  );

const names = list(text(MAX_NAME), 100);

const teamRole = mapping({ name: text(MAX_NAME), permissions: names }).superRefine((role, context) => {
  for (const { at, message } of roleFaults(role))
    context.addIssue({ code: 'custom', path: ['permissions', at], message });
});

export const configurationSchema = mapping({
  human_supervision: mapping({
    enabled: yesOrNo('false: as if the team had no configuration').optional(),
    global: mapping({
      timeout: seconds('The window for the first answer').optional(),
      auto_continue: yesOrNo('When that window ends, the agent continues by itself (4.10)').optional(),
      escalation_enabled: yesOrNo('Climbs by itself when nobody answers (4.8)').optional(),
      escalation_timeout: seconds('When level 1 begins, counted from the request').optional(),
      max_escalation_levels: whole(0, MAX_LEVELS, 'Levels that there are to climb to').optional(),
      ...rhythm,
    }).optional(),
    intervention_types: mapping(
      Object.fromEntries(typeNames.map((name) => [name, interventionType.optional()])) as Record<
        Lowercase<InterventionType>,
        z.ZodOptional<typeof interventionType>
      >,
    ).optional(),
    approvals: mapping({
      quorum: mapping({
        low: quorum.optional(),
        medium: quorum.optional(),
        high: quorum.optional(),
        critical: quorum.optional(),
      }).optional(),
      timeout_minutes: whole(1, MAX_TIMEOUT_MINUTES).optional(),
    }).optional(),
    notifications: mapping({
      channels: list(channel, 20).optional(),
      templates: z.record(z.string(), template, 'must be a mapping').optional(),
    }).optional(),
    workstation: mapping({
      base_url: maybeEmpty.optional(),
      api_key: maybeEmpty.optional(),
      workspace_id: maybeEmpty.optional(),
      team_id: maybeEmpty.optional(),
      ui_customization: mapping({
        theme: text(MAX_NAME).optional(),
        branding: mapping({
          logo_url: maybeEmpty.optional(),
          primary_color: text(MAX_NAME).optional(),
          secondary_color: text(MAX_NAME).optional(),
        }).optional(),
        layout: mapping({
          sidebar_enabled: yesOrNo().optional(),
          context_panel_enabled: yesOrNo().optional(),
          metrics_panel_enabled: yesOrNo().optional(),
          chat_enabled: yesOrNo().optional(),
        }).optional(),
      }).optional(),
      real_time: mapping({
        enabled: yesOrNo().optional(),
        websocket_url: maybeEmpty.optional(),
        heartbeat_interval: whole(1, 3_600).optional(),
        reconnect_attempts: whole(0, 1_000).optional(),
        reconnect_delay: whole(1, 3_600_000).optional(),
      }).optional(),
    }).optional(),
    audit: mapping({
      enabled: yesOrNo().optional(),
      log_all_interactions: yesOrNo().optional(),
      retention_days: whole(1, 36_500, "Days that the log's events are kept (9.2)").optional(),
      compliance_standards: names.optional(),
      events: list(oneOf(eventTypes), eventTypes.length).optional(),
    }).optional(),
    performance: mapping({
      max_concurrent_interventions: whole(1, 1_000).optional(),
      intervention_queue_size: whole(0, 10_000).optional(),
      retry_attempts: whole(0, 100).optional(),
      retry_delay: whole(1, 3_600_000).optional(),
      circuit_breaker: mapping({
        enabled: yesOrNo().optional(),
        failure_threshold: whole(1, 1_000).optional(),
        recovery_timeout: whole(1, 3_600_000).optional(),
        half_open_max_calls: whole(1, 1_000).optional(),
      }).optional(),
    }).optional(),
    security: mapping({
      authentication: mapping({
        method: text(MAX_NAME).optional(),
        provider: text(MAX_NAME).optional(),
        scopes: names.optional(),
      }).optional(),
      authorization: mapping({
        rbac_enabled: yesOrNo('false: roles is not looked at').optional(),
        roles: list(teamRole, 100)
          .superRefine((listed, context) =>
            onceEach(
              listed.map(({ name }) => ({ name: name.toLowerCase() })),
              'name',
              'a role that roles',
              context,
            ),
          )
          .describe('What a role may do about this team: less than 2.3 lets it, never more')
          .optional(),
      }).optional(),
      encryption: mapping({
        data_in_transit: text(MAX_NAME).optional(),
        data_at_rest: text(MAX_NAME).optional(),
        key_rotation_days: whole(1, 36_500).optional(),
      }).optional(),
    }).optional(),
    privacy: mapping({
      sensitive_paths: list(sensitivePath, MAX_PATHS)
        .describe('What stands there is encrypted at rest, and masked (8.8)')
        .optional(),
      encrypt_findings: yesOrNo('So is what the analyzers find of secrets and personal data').optional(),
    }).optional(),
    async_execution: mapping({
      enabled: yesOrNo('false: nothing else of async_execution is looked at').optional(),
      default_mode: oneOf(
        ['sync', 'async'],
        'asyncMode of a request that says nothing, nor its type',
      ).optional(),
      queue_priority: whole(1, 10, 'Which continuations go first: 1 before 10').optional(),
      queue_name: text(MAX_NAME).optional(),
      max_retries: whole(0, 100, 'How often a turn that failed is tried again (4.13)').optional(),
      retry_delay: seconds('Before the first retry; doubled for each one after it').optional(),
    }).optional(),
  }).optional(),
  agents: list(agent, MAX_AGENTS)
    .superRefine((agents, context) => onceEach(agents, 'name', 'an agent that agents', context))
    .optional(),
});

/** Kept beside the text that it was read from, and read by the verbs that make items. */
export type Configuration = z.output<typeof configurationSchema>;

/**
 * Keys that a file of this shape may have elsewhere, and that are refused by name: nothing here could ever obey them, and
 * they belong to another program's file.
 */
export const unsupported: readonly (readonly string[])[] = [['tools']];
