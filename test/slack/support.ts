import { afterAll, beforeAll, beforeEach } from 'vitest';
import {
  buttonsOf,
  openSlack,
  SIGNING_SECRET,
  signed,
  type Slack,
  type SlackCall,
  TOKEN,
} from '../notifications/slack-api.ts';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { makeKey, makeProject, type Role, type TestWorld } from '../support/world.ts';

export const WORKSPACE = 'T0HOLDPOINT';

/** The running server with a stand-in for Slack, a project with a team that is told in Slack, and people to click. */
export function withSlack() {
  const database = withDatabase();
  const scene = {} as { app: TestApp; world: TestWorld; slack: Slack };
  let people = 0;
  beforeAll(async () => {
    scene.slack = await openSlack();
    scene.app = await startApp({
      database: database(),
      clock: database().clock,
      env: {
        ALLOW_PRIVATE_ADDRESSES: 'yes',
        SLACK_BOT_TOKEN: TOKEN,
        SLACK_SIGNING_SECRET: SIGNING_SECRET,
        SLACK_API_URL: `${scene.slack.url}/api`,
      },
    });
    scene.world = await makeProject(scene.app, ADMIN_KEY, 'slack');
  });
  afterAll(async () => {
    await scene.app.stop();
    await scene.slack.close();
  });
  beforeEach(async () => {
    scene.slack.calls.length = 0;
    scene.slack.messages.clear();
    scene.slack.instead = () => false;
    scene.world.teamId = await scene.world.team('told');
  });

  const link = async (slackUserId: string, apiKeyId: string) =>
    (
      await scene.app.ok(
        ADMIN_KEY,
        'mutation($input: LinkSlackUserInput!) { linkSlackUser(input: $input) { success message errors { code } slackUser { id } } }',
        { input: { slackTeamId: WORKSPACE, slackUserId, apiKeyId } },
      )
    ).linkSlackUser.slackUser.id as string;

  return {
    scene,
    database,
    link,
    async configure(more: object = {}) {
      const channel = {
        type: 'slack',
        slack_channel: '#approvals',
        events: ['intervention_required', 'approval_required'],
      };
      await scene.app.ok(
        scene.world.keys.ADMIN,
        'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success message errors { message } } }',
        {
          id: scene.world.teamId,
          yaml: JSON.stringify({ human_supervision: { notifications: { channels: [channel] }, ...more } }),
        },
      );
    },
    /** A person with a key of this role, linked to a Slack user of their own. */
    async person(role: Role, projectId: string | null = scene.world.id) {
      people += 1;
      const slackUserId = `U0PERSON${people}`;
      const key = await makeKey(scene.app, ADMIN_KEY, role, projectId, `person ${people}`);
      await link(slackUserId, key.id);
      return { slackUserId, key, name: `person ${people}` };
    },
    /** The message that asks about this, once it is there and written down. */
    async message(subjectId: string): Promise<Written> {
      const row = () =>
        database().prisma.notificationDelivery.findFirst({ where: { subjectId, edits: null } });
      await until('the message is written down', async () => (await row())?.reference != null);
      const { id, reference } = (await row())!;
      const [channel, ts] = reference!.split('/') as [string, string];
      return { id, channel, ts };
    },
    blocks: ({ ts }: Written): any[] => scene.slack.messages.get(ts)!,
    buttons(written: Written): any[] {
      return buttonsOf(this.blocks(written)).filter(({ value }) => value !== undefined);
    },
    /** Clicks a button of a message; with what Slack is answered, and what the person is told. */
    async click(
      who: string,
      written: Written,
      button: { action_id: string; value?: string },
      more: Clicked = {},
    ) {
      const told = scene.slack.to('response').length;
      const response = await this.send(bodyOf(scene.slack, who, written, button, more), more.headers);
      if (response.status !== 200) return { status: response.status, told: null };
      const heard = () => scene.slack.to('response').slice(told);
      await until('the person is told', () => heard().length > 0);
      return { status: response.status, told: heard()[0]!.json.text as string };
    },
    body: (
      who: string,
      written: Written,
      button: { action_id: string; value?: string },
      more: Clicked = {},
    ) => bodyOf(scene.slack, who, written, button, more),
    send: (body: string, headers: Record<string, string> = signed(body, database().clock.now())) =>
      fetch(`${scene.app.url}/slack/actions`, { method: 'POST', headers, body }),
    edits: ({ ts }: Written): SlackCall[] =>
      scene.slack.to('chat.update').filter(({ args }) => args.ts === ts),
    intervention: (id: string) => database().prisma.intervention.findUniqueOrThrow({ where: { id } }),
    approval: (id: string) =>
      database().prisma.approval.findUniqueOrThrow({ where: { id }, include: { votes: true } }),
  };
}

export interface Written {
  id: string;
  channel: string;
  ts: string;
}

interface Clicked {
  reason?: string;
  headers?: Record<string, string>;
}

let clicks = 0;

function bodyOf(
  slack: Slack,
  who: string,
  { channel, ts }: Written,
  button: { action_id: string; value?: string },
  { reason }: Clicked,
): string {
  clicks += 1;
  const payload = {
    type: 'block_actions',
    user: { id: who, username: 'x', name: 'x', team_id: WORKSPACE },
    team: { id: WORKSPACE, domain: 'x' },
    api_app_id: 'A0',
    trigger_id: `${clicks}`,
    container: { type: 'message', message_ts: ts, channel_id: channel, is_ephemeral: false },
    channel: { id: channel, name: 'approvals' },
    message: { ts },
    state: { values: { reason: { reason: { type: 'plain_text_input', value: reason ?? null } } } },
    response_url: `${slack.url}/response`,
    actions: [{ type: 'button', block_id: 'b', action_ts: `${clicks}`, ...button }],
  };
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
}
