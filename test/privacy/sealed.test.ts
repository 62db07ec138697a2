import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../../src/kernel/json.ts';
import { reveal } from '../../src/privacy/reveal.ts';
import { isToken } from '../../src/privacy/tokens.ts';
import { updateSupervision } from '../../src/supervision/update.ts';
import { noEnvironment } from '../../src/supervision/from-environment.ts';
import { reportExecutionEvent } from '../../src/sessions/report.ts';
import { appendConversationTurn } from '../../src/sessions/append-turn.ts';
import { createAgentTouches } from '../../src/sessions/agents.ts';
import { createChangeSession } from '../../src/sessions/change.ts';
import { requestIntervention } from '../../src/interventions/request.ts';
import { completeSession } from '../../src/sessions/end.ts';
import { createTask, finishTask } from '../../src/sessions/tasks.ts';
import { approvalActs } from '../approvals/acts.ts';
import { everything, heldBeforeWriting, openHouse, seedTeam, verbs } from '../support/house.ts';
import { testPrivacy } from '../support/vault.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, database } = withHouse();
const act = {} as ReturnType<typeof approvalActs>;
beforeAll(() => Object.assign(act, approvalActs(scene.house, scene.team)));
beforeEach(async () => {
  scene.team = await seedTeam(scene.house);
  scene.act = verbs(scene.house, scene.team);
  Object.assign(act, approvalActs(scene.house, scene.team));
});

/** A real person's card, mailbox and a token: none is published for tests. */
const CARD = '4539 1488 0343 6467';
const MAIL = 'grete.hollenbach@nordwind-versand.de';
const TOKEN = `ghp_${'a1B2c3D4e5'.repeat(4).slice(0, 36)}`;

const configure = (privacy: object, more: object = {}) =>
  updateSupervision(
    { ...scene.house.deps, database: scene.house.deps, supervisionEnvironment: noEnvironment },
    scene.team.admin,
    scene.team.teamId,
    JSON.stringify({ human_supervision: { privacy }, ...more }),
  );

/** Everything that is stored, but for what is encrypted. */
async function stored(): Promise<string> {
  const search = await database().prisma
    .$queryRaw`SELECT intervention_id, words::text FROM intervention_search`;
  return JSON.stringify([await everything(scene.house), search], (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}
async function expectNowhere(...words: string[]) {
  const text = await stored();
  for (const word of words) expect(text.includes(word), word).toBe(false);
}
const revealed = <T>(value: T) => reveal(scene.house.deps, scene.team.projectId, value);

describe('what the analyzers find (8.8)', () => {
  it('is taken out of a few words and of many (8.8)', async () => {
    for (const length of [0, 50_000]) {
      await scene.act.ask(await scene.act.start(), {
        message: `Refund ${CARD}?`,
        context: { note: `of ${MAIL} ${'word '.repeat(length / 5)}` },
      });
    }
    await expectNowhere(CARD, MAIL);
  });

  it('is encrypted wherever a session says it, and comes back whole', async () => {
    const { deps } = scene.house;
    const { agent } = scene.team;
    const message = `May I refund ${CARD} and write to ${MAIL}?`;
    const sessionId = await scene.act.start({ initialMessage: `For ${MAIL}`, context: { to: [MAIL], n: 1 } });
    const id = await scene.act.ask(sessionId, {
      message,
      context: { [MAIL]: { card: Number(CARD.replaceAll(' ', '')) } },
      options: [{ id: 'a', label: `Write to ${MAIL}`, description: '', value: MAIL }],
    });
    await appendConversationTurn(deps, agent, sessionId, { agentName: 'ada', input: TOKEN, response: MAIL });
    const { reply } = await createTask(deps, agent, {
      sessionId,
      agentName: 'ada',
      instructions: `mail ${MAIL}`,
    });
    await finishTask(deps, agent, { taskId: reply.taskId, status: 'COMPLETED', result: { token: TOKEN } });
    await reportExecutionEvent(deps, agent, {
      sessionId,
      agentName: 'ada',
      type: 'tool_call',
      output: TOKEN,
    });
    await scene.act.resolve(id, {
      resolutionType: 'MODIFY',
      reasoning: `not ${CARD}`,
      modifications: { to: MAIL },
    });
    await completeSession(deps, agent, sessionId, { sent: MAIL });
    await expectNowhere(CARD, CARD.replaceAll(' ', ''), MAIL, TOKEN, 'hollenbach');

    const row = await deps.prisma.intervention.findUniqueOrThrow({ where: { id } });
    expect(row.message).toMatch(/^May I refund \[masked:\w{26}\] and write to \[masked:\w{26}\]\?$/);
    const whole = await revealed(row);
    expect(whole.message).toBe(message);
    expect(whole.context).toEqual({ [MAIL]: { card: Number(CARD.replaceAll(' ', '')) } });
    expect(whole.options).toMatchObject([{ label: `Write to ${MAIL}`, value: MAIL }]);
    expect(whole.response).toMatchObject({ reasoning: `not ${CARD}`, modifications: { to: MAIL } });
    const session = await revealed(await deps.prisma.session.findUniqueOrThrow({ where: { id: sessionId } }));
    expect(session).toMatchObject({
      initialMessage: `For ${MAIL}`,
      context: { to: [MAIL], n: 1, human_reasoning: `not ${CARD}` },
      result: { sent: MAIL },
    });
  });

  it('is left as it is where the team says so, and what nothing finds always is', async () => {
    await configure({ encrypt_findings: false });
    const words = 'to otto.hollenbach@suedwind-versand.de';
    const plain = await scene.act.ask(await scene.act.start(), { message: words });
    const { message } = await scene.house.deps.prisma.intervention.findUniqueOrThrow({
      where: { id: plain },
    });
    expect(message).toBe(words);
    await configure({});
    const before = await database().prisma.sealedValue.count();
    await scene.act.ask(await scene.act.start({ context: { mail: 'ada@example.com' } }));
    expect(await database().prisma.sealedValue.count()).toBe(before);
  });
});

describe('what stands at a configured path (8.8)', () => {
  it('is encrypted whole, whatever it is, and wherever else the change says it', async () => {
    await configure({ sensitive_paths: ['context.customer.*', 'metadata.code', 'output'] });
    const { deps } = scene.house;
    const customer = { name: 'Ilse Aigner-Brandt', age: 61, notes: ['owes us'] };
    const sessionId = await scene.act.start({ context: { customer, city: 'Bonn' } });
    const id = await scene.act.ask(sessionId, {
      message: 'Shall I call Ilse Aigner-Brandt?',
      context: { customer },
      options: [
        { id: 'a', label: 'Yes', description: '', value: 'yes', metadata: { code: 'tulip-9', n: 1 } },
      ],
    });
    await scene.act.select(id, { optionId: 'a' });
    await completeSession(deps, scene.team.agent, sessionId, { said: 'she paid' });
    await expectNowhere('Ilse', 'owes us', 'tulip-9', 'she paid');
    const row = await deps.prisma.intervention.findUniqueOrThrow({ where: { id } });
    expect(isToken((row.context as { customer: { age: unknown } }).customer.age)).toBe(true);
    const session = await deps.prisma.session.findUniqueOrThrow({ where: { id: sessionId } });
    expect(session.context).toMatchObject({ city: 'Bonn', n: 1 });
    expect(await revealed(row)).toMatchObject({
      message: 'Shall I call Ilse Aigner-Brandt?',
      context: { customer },
    });
    expect(await revealed(session)).toMatchObject({
      context: { customer, code: 'tulip-9' },
      result: { said: 'she paid' },
    });
  });

  it('is encrypted from the change of the configuration on, also of what a trigger asks', async () => {
    const configuration = {
      human_supervision: {
        privacy: { sensitive_paths: ['context.who', 'input'] },
        intervention_types: { decision: { triggers: [{ condition: "who != 'nobody'" }] } },
      },
      agents: [
        {
          name: 'ada',
          human_supervision: {
            custom_triggers: [
              {
                condition: "who != 'nobody'",
                intervention_type: 'decision',
                natural_language: 'Ask {{who}}?',
              },
            ],
          },
        },
      ],
    };
    const { deps } = scene.house;
    const sessionId = await scene.act.start();
    await updateSupervision(
      { ...deps, database: deps, supervisionEnvironment: noEnvironment },
      scene.team.admin,
      scene.team.teamId,
      JSON.stringify(configuration),
    );
    const report = {
      sessionId,
      agentName: 'ada',
      type: 'tool_call',
      input: 'the whole input',
      context: { who: 'Ilse Aigner' },
    };
    const { reply } = await reportExecutionEvent(deps, scene.team.agent, report);
    expect(reply.directive).toBe('PAUSE');
    await expectNowhere('Ilse Aigner', 'the whole input');
    const id = reply.interventionId!;
    const row = await revealed(await deps.prisma.intervention.findUniqueOrThrow({ where: { id } }));
    expect(row.message).toBe('Ask Ilse Aigner?');
    expect(row.context).toMatchObject({ who: 'Ilse Aigner', supervision: { input: 'the whole input' } });
  });
});

describe('what is sensitive, said another way by the same change (8.8)', () => {
  it('is taken out of the message that its trigger filled in: of a mapping, a number, within JSON, cut off', async () => {
    const { deps } = scene.house;
    const message = 'Ask {{customer.name}}: {{customer.quote}}. {{customer}} {{account}} {{letter}}?';
    const custom_triggers = [
      { condition: 'account > 1', intervention_type: 'decision', natural_language: message },
    ];
    await configure(
      { sensitive_paths: ['context.customer', 'context.account', 'context.letter'] },
      { agents: [{ name: 'ada', human_supervision: { custom_triggers } }] },
    );
    const customer = { name: 'Ilse Aigner', quote: 'I "never" paid', town: 'Bonn am Rhein', age: 61 };
    const context = { customer, account: 61_234_567, letter: 'a love letter '.repeat(200) };
    const report = { sessionId: await scene.act.start(), agentName: 'ada', type: 'tool_call', context };
    const { reply } = await reportExecutionEvent(deps, scene.team.agent, report);
    await expectNowhere('Ilse', 'never', 'am Rhein', '61234567', 'love letter');
    const id = reply.interventionId!;
    const row = await revealed(await deps.prisma.intervention.findUniqueOrThrow({ where: { id } }));
    expect(row.message).toBe(
      `Ask Ilse Aigner: I "never" paid. ${JSON.stringify(customer)} 61234567 ${context.letter.slice(0, 1_999)}…?`,
    );
  });

  it('leaves the ids and instants of the house as they are', async () => {
    await configure({ sensitive_paths: ['context.*'] });
    const year = scene.house.deps.clock.now().getUTCFullYear();
    const id = await scene.act.ask(await scene.act.start(), { context: { year }, message: `In ${year}?` });
    const events = await scene.house.deps.prisma.unsealedEvent.findMany({ where: { subjectId: id } });
    const sealed = await scene.house.deps.prisma.event.findMany({ where: { subjectId: id } });
    const { data } = [...events, ...sealed].find(({ type }) => type === 'intervention_requested')!;
    expect((data as { expiresAt: string }).expiresAt).toMatch(new RegExp(`^${year}-`));
    const row = await scene.house.deps.prisma.intervention.findUniqueOrThrow({ where: { id } });
    expect(row.message).toMatch(/^In \[masked:\w{26}\]\?$/);
  });

  it('is never masked twice: what was masked before a path reached it comes back whole', async () => {
    const { deps } = scene.house;
    const customer = { name: 'Ilse Aigner', said: 'call Ilse Aigner at noon' };
    await configure({ sensitive_paths: ['context.customer.name'] });
    const sessionId = await scene.act.start({ context: { customer } });
    await configure({ sensitive_paths: ['context.customer'] });
    await scene.act.resolve(await scene.act.ask(sessionId), { resolutionType: 'APPROVE', reasoning: 'yes' });
    await expectNowhere('Ilse', 'at noon');
    const session = await deps.prisma.session.findUniqueOrThrow({ where: { id: sessionId } });
    expect(await revealed(session.context)).toMatchObject({ customer });
  });
});

describe('what the house itself goes by', () => {
  it('stays: where an option escalates to, what it means, though a path would take it', async () => {
    await configure({ sensitive_paths: ['metadata.*', 'context.*'] });
    const { deps } = scene.house;
    const id = await scene.act.ask(await scene.act.start(), {
      context: { wish: 'approve' },
      options: [
        { id: 'a', label: 'Do approve', description: '', value: 'approve', metadata: { note: 'hush-hush' } },
        {
          id: 'up',
          label: 'Up',
          description: '',
          value: 'up',
          category: 'ESCALATION',
          metadata: { escalation_level: 2 },
        },
      ],
    });
    const { options } = await deps.prisma.intervention.findUniqueOrThrow({ where: { id } });
    expect(options).toMatchObject([
      { value: 'approve', label: expect.stringMatching(/^Do \[masked:/) },
      { metadata: { escalation_level: 2 } },
    ]);
    await expectNowhere('hush-hush');
    await scene.act.select(id, { optionId: 'up' });
    expect((await deps.prisma.intervention.findUniqueOrThrow({ where: { id } })).escalationLevel).toBe(2);
    await scene.act.select(id, { optionId: 'a' }, scene.team.admin);
    const session = await deps.prisma.session.findFirstOrThrow({ where: { teamId: scene.team.teamId } });
    expect((await revealed(session)).context).toMatchObject({
      response_type: 'select_option',
      approval_granted: true,
    });
  });
});

describe('an approval (8.8, 5.6)', () => {
  it('is for a number that is masked as for the number: it comes back as one', async () => {
    const input = { card: Number(CARD.replaceAll(' ', '')), note: `of ${CARD.replaceAll(' ', '')}` };
    const id = await act.request(await scene.act.start(), { proposedAction: 'pay', inputData: input });
    const row = await act.approval(id);
    const { inputData } = await revealed(row.proposal as unknown as { inputData: Json });
    expect(inputData).toEqual(input);
    const action = { agentName: 'ada', proposedAction: 'pay', input: inputData };
    expect(scene.house.deps.permits.digestOf(action)).toBe(row.digest);
    await expectNowhere(String(input.card));
  });

  it('is for what was said, and an edit that leaves a mask stands for what it masks', async () => {
    const { deps } = scene.house;
    const { digestOf } = deps.permits;
    const sessionId = await scene.act.start();
    const input = { to: MAIL, text: 'hello' };
    const id = await act.request(sessionId, { proposedAction: `mail ${MAIL}`, inputData: input });
    const row = await act.approval(id);
    expect(row.digest).toBe(digestOf({ agentName: 'ada', proposedAction: `mail ${MAIL}`, input }));
    const masked = (row.proposal as unknown as { inputData: { to: string } }).inputData;
    expect(isToken(masked.to)).toBe(true);
    await act.vote(id, { approvedInput: { ...masked, text: 'good day' } });
    const edited = await act.approval(id);
    const approved = { to: MAIL, text: 'good day' };
    expect(edited.digest).toBe(
      digestOf({ agentName: 'ada', proposedAction: `mail ${MAIL}`, input: approved }),
    );
    expect(await revealed(edited.approvedInput)).toEqual(approved);
    await act.begin(id);
    await act.submit(id, {
      response: { sent: MAIL },
      summary: `sent to ${MAIL}`,
      nextSteps: [`call ${MAIL}`],
    });
    await expectNowhere(MAIL);
  });
});

describe('a mask in an edited input (8.8)', () => {
  const inputOf = async (id: string) =>
    (await act.approval(id)).proposal as unknown as { inputData: { card: string } };

  it('stays one wherever it is moved to: nobody sees what is behind it by editing', async () => {
    await configure({ sensitive_paths: ['input.card'] });
    const input = { card: 'tulip-9', note: 'hello' };
    const id = await act.request(await scene.act.start(), { proposedAction: 'pay', inputData: input });
    const { card } = (await inputOf(id)).inputData;
    expect(isToken(card)).toBe(true);
    await act.vote(id, { approvedInput: { card: `${card} and more`, note: `to ${card}` } });
    const { approvedInput, digest } = await act.approval(id);
    expect(approvedInput).toEqual({
      card: expect.stringMatching(/^\[masked:\w{26}\]\[masked:\w{26}\]$/),
      note: `to ${card}`,
    });
    const approved = { card: 'tulip-9 and more', note: 'to tulip-9' };
    expect(await revealed(approvedInput)).toEqual(approved);
    const action = { agentName: 'ada', proposedAction: 'pay', input: approved };
    expect(digest).toBe(scene.house.deps.permits.digestOf(action));
    await expectNowhere('tulip-9');
  });

  it('of another call is refused, and changes nothing', async () => {
    await configure({ sensitive_paths: ['input.card'] });
    const call = { proposedAction: 'pay', inputData: { card: 'tulip-9' } };
    const { card } = (await inputOf(await act.request(await scene.act.start(), call))).inputData;
    const other = { proposedAction: 'post', inputData: { url: 'https://example.com' } };
    const id = await act.request(await scene.act.start(), other);
    const before = await act.approval(id);
    const refused = act.vote(id, { approvedInput: { url: `https://example.com/${card}` } });
    await expect(refused).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      errors: [{ path: ['response', 'approvedInput'] }],
    });
    expect(await act.approval(id)).toEqual(before);
  });
});

describe('a change that is not written', () => {
  it('leaves nothing behind among the encrypted values', async () => {
    const { prisma } = scene.house.deps;
    const sessionId = await scene.act.start();
    const before = await prisma.sealedValue.count();
    const asked = await Promise.allSettled(
      Array.from({ length: 12 }, (_, at) => scene.act.ask(sessionId, { message: `${at}: ${MAIL}` })),
    );
    expect(asked.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await prisma.sealedValue.count()).toBe(before + 12);
  });

  it('because its key is missing fails alone', async () => {
    const { clock } = database();
    const { deps } = scene.house;
    const missing = { ...deps.vault, keepAhead: () => Promise.reject(new Error('the key is missing')) };
    const changeSession = createChangeSession({
      database: database(),
      clock,
      ids: deps.ids,
      stops: deps.stops,
      touches: createAgentTouches(clock, deps.ids),
      enqueueDrives: async () => {},
      announce: () => {},
      privacy: testPrivacy(database(), clock).privacy,
      vault: missing,
    });
    const sessions = await Promise.all([scene.act.start(), scene.act.start()]);
    const ask = (sessionId: string, message: string) =>
      requestIntervention({ ...deps, changeSession }, scene.team.agent, {
        sessionId,
        agentName: 'ada',
        type: 'DECISION',
        message,
      });
    const asked = await Promise.allSettled([ask(sessions[0]!, `to ${MAIL}`), ask(sessions[1]!, 'may I?')]);
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    await expectNowhere(MAIL);
  });

  it('takes back what it kept where another was faster', async () => {
    const { prisma } = scene.house.deps;
    const sessionId = await scene.act.start();
    const before = await prisma.sealedValue.count();
    const kept: number[] = [];
    const held = openHouse(
      heldBeforeWriting(database(), async (writes) => {
        kept.push((await prisma.sealedValue.count()) - before);
        if (writes === 0) await scene.act.ask(sessionId, { message: 'me first' });
      }),
      database().clock,
    );
    await verbs(held, scene.team).ask(sessionId, { message: `to ${MAIL}` });
    expect(kept).toEqual([1, 1]);
    expect(await prisma.sealedValue.count()).toBe(before + 1);
  });

  it("opens nothing of another project's, whoever writes its token", async () => {
    const id = await scene.act.ask(await scene.act.start(), { message: `to ${MAIL}` });
    const { message } = await scene.house.deps.prisma.intervention.findUniqueOrThrow({ where: { id } });
    const other = await seedTeam(scene.house);
    expect(await reveal(scene.house.deps, other.projectId, message)).toBe(message);
  });
});
