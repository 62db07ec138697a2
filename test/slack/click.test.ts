import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { buttonsOf, wordsOf } from '../notifications/slack-api.ts';
import { ADMIN_KEY } from '../support/app.ts';
import { until } from '../support/until.ts';
import { makeProject } from '../support/world.ts';
import { withSlack, type Written } from './support.ts';

// The whole way, through the running server: an agent asks, Slack has a message, a person clicks, the agent is answered.

const slack = withSlack();
const { scene, database, configure, person, intervention, approval, edits } = slack;
const option = (id: string, more: object = {}) => ({
  id,
  label: id.toUpperCase(),
  description: '',
  value: id,
  ...more,
});
const options = [option('ship'), option('wait', { recommended: true }), option('never', { disabled: true })];
const asked = async (input: Record<string, unknown> = { options }): Promise<[string, Written]> => {
  await configure();
  const id = await scene.world.ask(input);
  return [id, await slack.message(id)];
};
const edited = async (written: Written): Promise<string> => {
  await until('the message is edited', () => edits(written).length > 0);
  expect(slack.buttons(written)).toEqual([]);
  return wordsOf(slack.blocks(written));
};

describe('a request in Slack (8.7)', () => {
  test('has a button for each option that can be chosen, and a link; a click chooses, and the message says who, what and when', async () => {
    const [id, written] = await asked();
    const buttons = slack.buttons(written);
    expect(buttons.map(({ text, style }) => [text.text, style])).toEqual([
      ['WAIT', 'primary'],
      ['SHIP', undefined],
    ]);
    expect(JSON.stringify(slack.blocks(written))).toContain(`"url":"${scene.app.url}/interventions/${id}"`);
    const ada = await person('OPERATOR');
    const { told } = await slack.click(ada.slackUserId, written, buttons[1]);
    expect(told).toBe('Done: your choice is recorded.');
    const row = await intervention(id);
    expect(row).toMatchObject({
      status: 'RESOLVED',
      resolution: 'OPTION_SELECTED',
      response: { selectedOption: { id: 'ship' }, respondedBy: { kind: 'USER', name: ada.name } },
    });
    expect(await edited(written)).toContain(`SHIP by ${ada.name} at ${row.resolvedAt!.toISOString()}`);
    expect(edits(written)).toHaveLength(1);
  });

  test.each([
    [
      'by somebody else',
      async (id: string) => void (await scene.world.approve(id)),
      /APPROVED by OPERATOR at /,
    ],
    [
      'by being taken back',
      async (id: string) =>
        void (await scene.app.ok(
          scene.world.keys.AGENT,
          'mutation($id: ID!) { cancelIntervention(id: $id) { success message errors { code } } }',
          { id },
        )),
      /CANCELLED by AGENT at /,
    ],
    ['by the clock', async () => database().clock.advance(61), /TIMEOUT by Holdpoint at /],
  ])('is edited once, ended %s', async (_, end, words) => {
    await configure({ global: { escalation_enabled: false } });
    const id = await scene.world.ask({ options, timeout: 60 });
    const written = await slack.message(id);
    await end(id);
    expect(await edited(written)).toMatch(words);
    // A delivery that comes after it has nothing more to edit.
    const { prisma } = database();
    await until('nothing is left to be sent', async () => {
      const rows = await prisma.notificationDelivery.findMany({ where: { subjectId: id } });
      return rows.length === 2 && rows.every(({ status }) => status === 'DELIVERED');
    });
    expect(edits(written)).toHaveLength(1);
  });

  test('that was ended before it could be written has no buttons, and says what came of it', async () => {
    scene.slack.instead = (_, response) => {
      response.writeHead(503).end();
      return true;
    };
    await configure({ performance: { retry_delay: 1_000 } });
    const id = await scene.world.ask({ options });
    await until('it was tried', () => scene.slack.calls.length > 0);
    await scene.world.approve(id);
    scene.slack.instead = () => false;
    await until('it is written', async () => {
      database().clock.advance(1);
      return scene.slack.messages.size > 0;
    });
    const written = await slack.message(id);
    expect(slack.buttons(written)).toEqual([]);
    expect(wordsOf(slack.blocks(written))).toMatch(/APPROVED by OPERATOR at /);
  });

  test('takes the words that its team wants with an answer', async () => {
    await configure({ intervention_types: { decision: { ui_config: { require_reason: true } } } });
    const id = await scene.world.ask({ options });
    const written = await slack.message(id);
    const [button] = slack.buttons(written);
    const ada = await person('OPERATOR');
    const without = await slack.click(ada.slackUserId, written, button);
    expect(without.told).toMatch(/^Not done: .* \(REASON_REQUIRED\)$/);
    expect((await intervention(id)).status).toBe('PENDING');
    await slack.click(ada.slackUserId, written, button, { reason: 'because' });
    expect((await intervention(id)).response).toMatchObject({ reasoning: 'because' });
  });

  test('that takes a form has a link alone', async () => {
    const [, written] = await asked({ options, responseSchema: { type: 'object' } });
    expect(slack.buttons(written)).toEqual([]);
  });

  test('that a template would cut is shown whole beside its buttons, or has a link alone', async () => {
    const end = 'and delete everything';
    const [, written] = await asked({ options, message: `${'x'.repeat(2_200)} ${end}` });
    expect(slack.buttons(written)).toHaveLength(2);
    expect(wordsOf(slack.blocks(written))).toContain(end);
    const [, longer] = await asked({ options, message: `${'x'.repeat(3_000)} ${end}` });
    expect(slack.buttons(longer)).toEqual([]);
  });

  test('has options that no button can name whole written out, by the numbers that the buttons have', async () => {
    const keep = `keep ${'the very old and very long history '.repeat(3)}`;
    const labels = [`${keep}and add to it`, `${keep}and delete it`, 'wa\u200bit'];
    const [id, written] = await asked({ options: labels.map((label, at) => option(`o${at}`, { label })) });
    const words = wordsOf(slack.blocks(written));
    for (const line of [`1. ${labels[0]}`, `2. ${labels[1]}`, '3. wa\\u200bit'])
      expect(words).toContain(line);
    const buttons = slack.buttons(written);
    expect(buttons.map(({ text }) => text.text.slice(0, 7))).toEqual(['1. keep', '2. keep', '3. wa\u200bi']);
    const ada = await person('OPERATOR');
    await slack.click(ada.slackUserId, written, buttons[1]);
    expect((await intervention(id)).response).toMatchObject({ selectedOption: { id: 'o1' } });
  });

  test('is shown as it was written, and mentions nobody', async () => {
    const message = '<!channel> *now* <@U0ADA> & `rm` <https://evil.example|ok>';
    const [, written] = await asked({ options: [option('a', { label: '<!here>' })], message });
    const blocks = slack.blocks(written);
    expect(wordsOf(blocks)).toContain(message);
    expect(JSON.stringify(blocks)).not.toMatch(/[<>]|mrkdwn/);
    const [call] = scene.slack.to('chat.postMessage');
    expect(call!.args).toMatchObject({ parse: 'none', link_names: 'false', unfurl_links: 'false' });
    expect(call!.args.text).not.toMatch(/[<>]/);
  });
});

describe('Slack that is silent, down or answers garbage (8.7)', () => {
  test.each([
    ['is silent', () => true],
    [
      'is down',
      (_: unknown, response: ServerResponse) => {
        response.destroy();
        return true;
      },
    ],
    [
      'answers garbage',
      (_: unknown, response: ServerResponse) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok": "approved"}');
        return true;
      },
    ],
  ])('and %s keeps nobody from deciding, and decides nothing', async (_, instead) => {
    scene.slack.instead = instead;
    await configure({
      global: { escalation_enabled: false },
      performance: { retry_attempts: 0 },
    });
    const [decided, left] = [
      await scene.world.ask({ options, timeout: 60 }),
      await scene.world.ask({ options, timeout: 60 }),
    ];
    await until('both were tried', () => scene.slack.to('chat.postMessage').length >= 2);
    expect((await scene.world.approve(decided)).success).toBe(true);
    database().clock.advance(61);
    const { prisma } = database();
    await until('all is given up', async () => {
      const rows = await prisma.notificationDelivery.findMany({
        where: { subjectId: { in: [decided, left] }, edits: null },
      });
      return rows.every(({ status }) => status === 'DEAD');
    });
    await until('the clock has come by', async () => (await intervention(left)).status !== 'PENDING');
    expect(await intervention(decided)).toMatchObject({ status: 'RESOLVED', resolution: 'APPROVED' });
    expect(await intervention(left)).toMatchObject({ status: 'TIMEOUT', response: null });
  });
});

describe('a click is decided as the API would (8.7)', () => {
  const refused = async (who: string, written: Written, button: any, words: RegExp, reason?: string) => {
    const { status, told } = await slack.click(who, written, button, { ...(reason && { reason }) });
    expect([status, told]).toEqual([200, expect.stringMatching(words)]);
  };

  test('nobody who is not linked, nor whose key is revoked, expired, of another project or too low', async () => {
    const [id, written] = await asked();
    const [button] = slack.buttons(written);
    await refused(
      'U0STRANGER',
      written,
      button,
      /linkSlackUser, for slackTeamId T0HOLDPOINT and slackUserId U0STRANGER/,
    );
    const gone = await person('OPERATOR');
    await scene.app.ok(
      ADMIN_KEY,
      'mutation($id: ID!) { revokeApiKey(id: $id) { success message errors { code } } }',
      {
        id: gone.key.id,
      },
    );
    await refused(gone.slackUserId, written, button, /revoked/);
    const late = await person('OPERATOR');
    await database().prisma.apiKey.update({
      where: { id: late.key.id },
      data: { expiresAt: database().clock.now() },
    });
    await refused(late.slackUserId, written, button, /expired/);
    const elsewhere = await makeProject(scene.app, ADMIN_KEY, 'elsewhere');
    await refused(
      (await person('ADMIN', elsewhere.id)).slackUserId,
      written,
      button,
      /nobody is linked to you here/,
    );
    await refused(
      (await person('VIEWER')).slackUserId,
      written,
      button,
      /^Not done: The role VIEWER may not/,
    );
    expect(await intervention(id)).toMatchObject({ status: 'PENDING', response: null });
    expect(edits(written)).toEqual([]);
  });

  test('a level’s role, a claim, a decision that stands, one’s own request', async () => {
    const [id, written] = await asked();
    const [button] = slack.buttons(written);
    const operator = await person('OPERATOR');
    const supervisor = await person('SUPERVISOR');
    await scene.app.ok(
      supervisor.key.secret,
      'mutation($id: ID!) { escalateIntervention(id: $id, escalation: {reason: "hm"}) { success message errors { code } } }',
      { id },
    );
    await refused(operator.slackUserId, written, button, /must be answered by a SUPERVISOR .*\(FORBIDDEN\)/);
    await slack.click(supervisor.slackUserId, written, button);
    await refused((await person('ADMIN')).slackUserId, written, button, /\(ALREADY_RESOLVED\)/);

    const claimed = await scene.world.ask({ options });
    await scene.app.ok(
      scene.world.keys.OPERATOR,
      'mutation($id: ID!) { claimIntervention(id: $id) { success message errors { code } } }',
      { id: claimed },
    );
    const second = await slack.message(claimed);
    await refused(
      operator.slackUserId,
      second,
      slack.buttons(second)[0],
      /claimed by OPERATOR \(FORBIDDEN\)/,
    );

    const { requestIntervention } = await scene.app.ok(
      operator.key.secret,
      'mutation($input: RequestInterventionInput!) { requestIntervention(input: $input) { success message errors { code } intervention { id } } }',
      {
        input: {
          sessionId: await scene.world.session(),
          agentName: 'ada',
          type: 'DECISION',
          message: 'may I?',
          options,
        },
      },
    );
    const own = requestIntervention.intervention.id as string;
    const third = await slack.message(own);
    await refused(operator.slackUserId, third, slack.buttons(third)[0], /\(SELF_APPROVAL\)/);
    expect([await intervention(claimed), await intervention(own)]).toMatchObject([
      { status: 'PENDING' },
      { status: 'PENDING' },
    ]);
  });

  test('the same click again by the same person has the first result, and the agent is answered once', async () => {
    const [id, written] = await asked();
    const [button] = slack.buttons(written);
    const ada = await person('OPERATOR');
    const told = await Promise.all([1, 2, 3].map(() => slack.click(ada.slackUserId, written, button)));
    expect(told.map((each) => each.told)).toEqual(Array(3).fill('Done: your choice is recorded.'));
    await until('each click is told', () => scene.slack.to('response').length === 3);
    const answers = () =>
      database().prisma.event.count({ where: { type: 'intervention_resolved', subjectId: id } });
    await until('the log has it', async () => (await answers()) > 0);
    expect(await answers()).toBe(1);
  });

  test('a click on the link does nothing', async () => {
    const [id, written] = await asked();
    const ada = await person('OPERATOR');
    const body = slack.body(ada.slackUserId, written, { action_id: 'open' });
    expect((await slack.send(body)).status).toBe(200);
    expect(scene.slack.to('response')).toEqual([]);
    expect((await intervention(id)).status).toBe('PENDING');
  });

  test('a button of ours on a message that is none of ours', async () => {
    const [id, written] = await asked();
    const [button] = slack.buttons(written);
    const ada = await person('OPERATOR');
    const known = /this message is none that Holdpoint knows/;
    await refused(ada.slackUserId, { ...written, ts: '1700000000.999999' }, button, known);
    await refused(ada.slackUserId, { ...written, channel: 'C0OTHER' }, button, known);
    const value = JSON.stringify({ delivery: written.id, verdict: 'APPROVE', digest: '' });
    await refused(ada.slackUserId, written, { action_id: 'choose_0', value }, known);
    await refused(ada.slackUserId, written, { action_id: 'choose_0', value: 'ship' }, known);
    await refused(ada.slackUserId, written, { action_id: 'choose_0' }, known);
    expect((await intervention(id)).status).toBe('PENDING');
  });
});

describe('an approval in Slack (8.7)', () => {
  const call = async (input: object, action: string): Promise<[string, Written]> => {
    const { requestAgentCallApproval } = await scene.app.ok(
      scene.world.keys.AGENT,
      'mutation($input: AgentCallApprovalInput!) { requestAgentCallApproval(input: $input) { success message errors { code } approval { id } } }',
      {
        input: {
          sessionId: await scene.world.session(),
          agentName: 'coder',
          proposedAction: action,
          inputData: input,
        },
      },
    );
    const id = requestAgentCallApproval.approval.id as string;
    return [id, await slack.message(id)];
  };
  const named = (written: Written, label: string) =>
    slack.buttons(written).find(({ text }) => text.text === label);

  test('shows the whole input, takes as many people as it needs, each once, and says who they were', async () => {
    await configure({ approvals: { quorum: { low: 2, medium: 2, high: 2, critical: 2 } } });
    const [id, written] = await call({ path: '/a <b> & c\u202e\u200b' }, 'read');
    const shown = { agent: 'coder', action: 'read', input: { path: '/a <b> & c\u202e\u200b' } };
    expect(wordsOf(slack.blocks(written))).toContain(
      JSON.stringify(shown, null, 2).replace('\u202e\u200b', String.raw`\u202e\u200b`),
    );
    // Characters that hide make it a HIGH one.
    const [ada, grace] = [await person('SUPERVISOR'), await person('SUPERVISOR')];
    const first = await slack.click(ada.slackUserId, written, named(written, 'Approve'));
    expect(first.told).toContain('it takes more than one');
    await slack.click(ada.slackUserId, written, named(written, 'Approve'));
    expect(await approval(id)).toMatchObject({ status: 'PENDING', votes: [{ verdict: 'APPROVE' }] });
    const second = await slack.click(grace.slackUserId, written, named(written, 'Approve'));
    expect(second.told).toBe('Done: APPROVED.');
    expect(await edited(written)).toMatch(/APPROVED by (person \d+), (person \d+) at /);
  });

  test('is rejected with a reason and not without', async () => {
    await configure();
    const [id, written] = await call({}, 'reject me');
    const ada = await person('OPERATOR');
    const without = await slack.click(ada.slackUserId, written, named(written, 'Reject'));
    expect(without.told).toMatch(/\(REASON_REQUIRED\)$/);
    await slack.click(ada.slackUserId, written, named(written, 'Reject'), { reason: 'too soon' });
    expect(await approval(id)).toMatchObject({ status: 'REJECTED', rejectionReason: 'too soon' });
  });

  test('says who rejected it, and not who had approved it before', async () => {
    await configure({ approvals: { quorum: { low: 2, medium: 2, high: 2, critical: 2 } } });
    const [, written] = await call({}, 'be rejected');
    const [ada, grace] = [await person('OPERATOR'), await person('OPERATOR')];
    await slack.click(ada.slackUserId, written, named(written, 'Approve'));
    await slack.click(grace.slackUserId, written, named(written, 'Reject'), { reason: 'no' });
    expect(await edited(written)).toContain(`REJECTED by ${grace.name} at `);
  });

  test('shows the action whatever a template leaves out, and has a link alone where that is too long', async () => {
    const templates = { approval_required: { body: 'please' } };
    const events = ['approval_required'];
    const channels = [{ type: 'slack', slack_channel: '#approvals', events }];
    await configure({ notifications: { channels, templates } });
    const [, short] = await call({}, 'wipe the disk');
    expect(wordsOf(slack.blocks(short))).toContain('"action": "wipe the disk"');
    const [, long] = await call({}, `wipe ${'the disk '.repeat(400)}`);
    expect(slack.buttons(long)).toEqual([]);
  });

  test('is consented to as it was shown: an input that somebody has edited since is not approved', async () => {
    await configure({ approvals: { quorum: { low: 2, medium: 2, high: 2, critical: 2 } } });
    const [id, written] = await call({ path: 'a' }, 'read what is edited');
    await scene.app.ok(
      scene.world.keys.SUPERVISOR,
      'mutation($id: ID!) { respondToApproval(id: $id, response: {verdict: APPROVE, approvedInput: {path: "b"}}) { success message errors { code } } }',
      { id },
    );
    const ada = await person('OPERATOR');
    const { told } = await slack.click(ada.slackUserId, written, named(written, 'Approve'));
    expect(told).toMatch(/\(INVALID_STATE\)$/);
    expect((await approval(id)).status).toBe('PENDING');
  });

  test('of more budget shows how much and why, and takes the role that it takes by the API', async () => {
    await configure();
    const { requestBudgetOverride } = await scene.app.ok(
      scene.world.keys.AGENT,
      'mutation($id: ID!) { requestBudgetOverride(input: {projectId: $id, limitType: COST_DAILY, requestedAmount: "5", justification: "the <end> of the quarter"}) { success message errors { code } override { id } } }',
      { id: scene.world.id },
    );
    const id = requestBudgetOverride.override.id as string;
    const written = await slack.message(id);
    expect(wordsOf(slack.blocks(written))).toContain('"justification": "the <end> of the quarter"');
    const { requiredRole } = await approval(id);
    expect(requiredRole).toBe('SUPERVISOR');
    const operator = await person('OPERATOR');
    const low = await slack.click(operator.slackUserId, written, named(written, 'Approve'));
    expect(low.told).toMatch(/\(FORBIDDEN\)$/);
    const supervisor = await person('SUPERVISOR');
    await slack.click(supervisor.slackUserId, written, named(written, 'Approve'));
    expect((await approval(id)).status).toBe('APPROVED');
    expect(await edited(written)).toContain(`APPROVED by ${supervisor.name} at `);
  });

  test('that is too long to be shown whole has a link alone', async () => {
    await configure();
    const [, written] = await call({ text: 'x'.repeat(3_000) }, 'say much');
    expect(slack.buttons(written)).toEqual([]);
  });

  test('beneath a stop nothing is granted, and refusing goes; what a recovery asks has a link alone', async () => {
    await configure();
    const other = await makeProject(scene.app, ADMIN_KEY, 'stopped');
    const [mine, keys] = [scene.world, other.keys];
    scene.world = other;
    try {
      await configure();
      const [id, written] = await call({}, 'wait');
      await scene.app.ok(
        keys.OPERATOR,
        'mutation($id: ID!) { triggerEmergencyStop(projectId: $id, reason: "smoke") { success message errors { code } } }',
        { id: other.id },
      );
      const ada = await person('SUPERVISOR', other.id);
      const { told } = await slack.click(ada.slackUserId, written, named(written, 'Approve'));
      expect(told).toMatch(/\(EMERGENCY_STOPPED\)$/);
      await slack.click(ada.slackUserId, written, named(written, 'Reject'), { reason: 'no' });
      expect((await approval(id)).status).toBe('REJECTED');
      const { initiateRecovery } = await scene.app.ok(
        keys.MANAGER,
        'mutation($id: ID!) { initiateRecovery(projectId: $id, recoveryType: GUIDED) { success message errors { code } approval { id } } }',
        { id: other.id },
      );
      const plan = await slack.message(initiateRecovery.approval.id);
      expect(buttonsOf(slack.blocks(plan)).map(({ action_id }) => action_id)).toEqual(['open']);
    } finally {
      scene.world = mine;
    }
  });
});
