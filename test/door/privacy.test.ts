import { describe, expect, test } from 'vitest';
import { roles } from '../support/world.ts';
import { app, database, PAYLOAD, run, world } from './desk.ts';

const MAIL = 'grete.hollenbach@nordwind-versand.de';
const TOKEN = `ghp_${'a1B2c3D4e5'.repeat(4).slice(0, 36)}`;
const MASK = /\[masked:[0-9a-hjkmnp-tv-z]{26}\]/;
const seeing = ['AGENT', 'SUPERVISOR', 'MANAGER', 'ADMIN'];

/** Each role's view of the same thing, as text. */
async function views(document: string, variables: object): Promise<[role: string, text: string][]> {
  const all = roles.map(
    async (role) => [role, JSON.stringify(await run(role, document, variables as never))] as [string, string],
  );
  return Promise.all(all);
}

async function expectMasked(document: string, variables: object, words: string) {
  for (const [role, text] of await views(document, variables)) {
    expect(text.includes(words), `${role}: ${text}`).toBe(seeing.includes(role));
    expect(MASK.test(text), `${role}: ${text}`).toBe(!seeing.includes(role));
  }
}

describe('what is sensitive (8.8)', () => {
  test('of an intervention, its session and its turns is masked for VIEWER and OPERATOR', async () => {
    const sessionId = await world.session({ initialMessage: `for ${MAIL}`, context: { to: MAIL } });
    const id = await world.ask({
      sessionId,
      message: `May I write to ${MAIL}?`,
      context: { to: MAIL },
      options: [{ id: 'a', label: `To ${MAIL}`, description: '', value: MAIL }],
    });
    const answered = await run(
      'OPERATOR',
      `mutation($id: ID!) { selectInterventionOption(id: $id, optionId: "a", reasoning: "I know ${MAIL}") { ${PAYLOAD} selectedOption { label value } } }`,
      { id },
    );
    expect(answered.success).toBe(true);
    expect(answered.selectedOption.value).toMatch(MASK);
    const turn = { agentName: 'coder', input: `to ${MAIL}`, response: TOKEN };
    await run(
      'AGENT',
      `mutation($id: ID!, $turn: ConversationTurnInput!) { appendConversationTurn(sessionId: $id, turn: $turn) { ${PAYLOAD} } }`,
      { id: sessionId, turn },
    );
    for (const field of [
      'message',
      'context',
      'options { label }',
      'options { value }',
      'humanResponse { reasoning }',
      'humanResponse { content }',
      'humanResponse { selectedOption { value } }',
    ])
      await expectMasked(`query($id: ID!) { intervention(id: $id) { ${field} } }`, { id }, MAIL);
    for (const field of [
      'initialMessage',
      'context',
      'conversationHistory { input }',
      'interventionPoints { message }',
      'interventionPoints { options { label } }',
    ])
      await expectMasked(`query($id: ID!) { session(id: $id) { ${field} } }`, { id: sessionId }, MAIL);
    await expectMasked(
      'query($id: ID!) { session(id: $id) { conversationHistory { response } } }',
      { id: sessionId },
      TOKEN,
    );
  });

  test('of an approval, its task and the log is masked for VIEWER and OPERATOR', async () => {
    const sessionId = await world.session();
    const input = {
      sessionId,
      agentName: 'coder',
      proposedAction: `mail ${MAIL}`,
      inputData: { to: MAIL },
      contextSummary: `of ${MAIL}`,
    };
    const { approval } = await run(
      'AGENT',
      `mutation($input: AgentCallApprovalInput!) { requestAgentCallApproval(input: $input) { ${PAYLOAD} approval { id taskId proposedAction } } }`,
      { input },
    );
    expect(approval.proposedAction).toBe(`mail ${MAIL}`);
    await run(
      'AGENT',
      `mutation($input: ExecutionEventInput!) { reportExecutionEvent(input: $input) { ${PAYLOAD} } }`,
      { input: { sessionId, agentName: 'coder', type: 'tool_call', input: MAIL, context: { to: MAIL } } },
    );
    const call = (field: string) =>
      `query($id: ID!) { approval(id: $id) { ... on AgentCallApproval { ${field} } } }`;
    for (const field of ['summary', 'proposedAction', 'inputData', 'inputExcerpt', 'contextSummary'])
      await expectMasked(call(field), { id: approval.id }, MAIL);
    await expectMasked(
      'query($id: ID!) { node(id: $id) { ... on Task { instructions } } }',
      { id: approval.taskId },
      MAIL,
    );
    const log =
      'query($id: ID!) { events(filter: {sessionId: $id, types: ["execution_reported"]}, first: 5) { edges { node { data } } } }';
    await expect
      .poll(async () => (await run('ADMIN', log, { id: sessionId })).edges.length, { timeout: 10_000 })
      .toBe(1);
    await expectMasked(log, { id: sessionId }, MAIL);
  });

  test('comes to subscribers as they may see it, and to the search for words not at all', async () => {
    const sessionId = await world.session();
    const heard = async (role: 'OPERATOR' | 'SUPERVISOR') => {
      const socket = await app.socket(world.keys[role]);
      socket.subscribe('s', 'subscription($id: ID) { interventionUpdates(teamId: $id) { message } }', {
        id: world.teamId,
      });
      await socket.settled();
      return () =>
        socket.of('s').find(({ type }) => type === 'next')?.payload.data.interventionUpdates.message;
    };
    const [operator, supervisor] = await Promise.all([heard('OPERATOR'), heard('SUPERVISOR')]);
    await world.ask({ sessionId, message: `May I write to ${MAIL}?` });
    await expect.poll(supervisor, { timeout: 10_000 }).toBe(`May I write to ${MAIL}?`);
    await expect.poll(operator, { timeout: 10_000 }).toMatch(MASK);
    expect(operator()).not.toContain(MAIL);
    const words = await database().prisma.$queryRaw<
      { words: string }[]
    >`SELECT words::text FROM intervention_search`;
    expect(JSON.stringify(words)).not.toContain('hollenbach');
  });
});
