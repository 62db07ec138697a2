import { z } from 'zod';
import { MAX_TIMEOUT_MINUTES } from '../approvals/terms.ts';
import { defaultTerms } from '../interventions/terms.ts';
import { MAX_SECONDS } from '../kernel/bounds.ts';

// What a supervision configuration may say: every key here does something, and what is not here is refused. The names,
// their places and their units are those that people write; `Configuration` is what was written, with nothing filled in:
// a default belongs to the room whose number it is (interventions/terms.ts, approvals/terms.ts).

const whole = (min: number, max: number) =>
  z.custom<number>(
    (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
    `must be a whole number from ${min} to ${max}`,
  );
const seconds = whole(1, MAX_SECONDS);
const yesOrNo = z.boolean('must be true or false');
const mapping = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape, 'must be a mapping');

/** People who must approve one call, at most. */
const MAX_QUORUM = 20;
/** There are no other levels to climb to (behaviour 4.11). */
const MAX_LEVELS = defaultTerms.terms.escalation.levels.length;
const quorum = whole(1, MAX_QUORUM);

export const configurationSchema = mapping({
  human_supervision: mapping({
    global: mapping({
      timeout: seconds.optional(),
      auto_continue: yesOrNo.optional(),
      escalation_enabled: yesOrNo.optional(),
      escalation_timeout: seconds.optional(),
      max_escalation_levels: whole(0, MAX_LEVELS).optional(),
    }).optional(),
    approvals: mapping({
      quorum: mapping({
        low: quorum.optional(),
        medium: quorum.optional(),
        high: quorum.optional(),
        critical: quorum.optional(),
      }).optional(),
      timeout_minutes: whole(1, MAX_TIMEOUT_MINUTES).optional(),
    }).optional(),
    performance: mapping({
      max_concurrent_interventions: whole(1, 1_000).optional(),
      intervention_queue_size: whole(0, 10_000).optional(),
    }).optional(),
  }).optional(),
});

/** Kept beside the text that it was read from, and read by the verbs that make items. */
export type Configuration = z.output<typeof configurationSchema>;

/**
 * Keys that a configuration of this shape may have elsewhere, and that nothing here obeys. Refused by name: a setting
 * that is accepted and does nothing would be believed.
 */
export const unsupported: readonly (readonly string[])[] = [
  ['agents'],
  ['tools'],
  ...[
    'enabled',
    'intervention_types',
    'notifications',
    'workstation',
    'audit',
    'security',
    'async_execution',
  ].map((key) => ['human_supervision', key]),
  ...['retry_attempts', 'retry_delay', 'circuit_breaker'].map((key) => [
    'human_supervision',
    'performance',
    key,
  ]),
];
