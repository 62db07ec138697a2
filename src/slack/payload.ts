import { z } from 'zod';
import { REASON_BLOCK, REASON_FIELD } from '../notifications/slack-blocks.ts';

// As much of a click as is read: Slack sends it signed, as JSON in a form's field.

const click = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string(), team_id: z.string().optional() }),
  team: z.object({ id: z.string() }).nullish(),
  container: z.object({ channel_id: z.string(), message_ts: z.string() }),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().optional() })).min(1),
  state: z
    .object({ values: z.record(z.string(), z.record(z.string(), z.object({ value: z.string().nullish() }))) })
    .nullish(),
  response_url: z.url().optional(),
});

const chosen = z.union([
  z.strictObject({ delivery: z.string(), option: z.string() }),
  z.strictObject({ delivery: z.string(), verdict: z.enum(['APPROVE', 'REJECT']), digest: z.string() }),
]);

export interface Click {
  /** The person's workspace and id in Slack. */
  slackTeamId: string;
  slackUserId: string;
  /** The message, as a delivery's reference. */
  message: string;
  actionId: string;
  /** What the button says; null: nothing of ours. */
  chosen: z.output<typeof chosen> | null;
  /** What was written into the message's field; null: nothing. */
  reason: string | null;
  /** Where the person can be told what came of it, unseen by others. */
  responseUrl: string | null;
}

/** `other`: signed by Slack, and nothing that Holdpoint acts on. Null: no JSON in a form's field `payload`. */
export function readClick(body: string): Click | 'other' | null {
  const payload = new URLSearchParams(body).get('payload');
  const json = payload === null ? undefined : parsed(payload);
  if (json === undefined) return null;
  const read = click.safeParse(json);
  if (!read.success) return 'other';
  const { user, team, container, actions, state, response_url } = read.data;
  const [action] = actions;
  const slackTeamId = user.team_id ?? team?.id;
  if (slackTeamId === undefined) return 'other';
  const written = state?.values[REASON_BLOCK]?.[REASON_FIELD]?.value?.trim();
  return {
    slackTeamId,
    slackUserId: user.id,
    message: `${container.channel_id}/${container.message_ts}`,
    actionId: action!.action_id,
    chosen: chosen.safeParse(parsed(action!.value ?? '')).data ?? null,
    reason: written ? written : null,
    responseUrl: response_url ?? null,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
