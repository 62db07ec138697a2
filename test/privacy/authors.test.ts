import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { readUnsealed, seal } from '../../src/events/seal.ts';
import { verifyLog } from '../../src/events/verify.ts';
import type { Viewer } from '../../src/identity/viewer.ts';
import { erasePerson } from '../../src/privacy/erase-person.ts';
import { exportPerson, type PersonalRecord } from '../../src/privacy/export-person.ts';
import { idsIn } from '../../src/privacy/tokens.ts';
import { appendConversationTurn } from '../../src/sessions/append-turn.ts';
import { cancelSession, completeSession, failSession } from '../../src/sessions/end.ts';
import { reportExecutionEvent } from '../../src/sessions/report.ts';
import { createSession } from '../../src/sessions/start.ts';
import { createTask, finishTask } from '../../src/sessions/tasks.ts';
import { approvalActs } from '../approvals/acts.ts';
import { eachTimeFurther } from '../support/cut.ts';
import { everything, refusal, refusedWithoutTrace, seedTeam, type Team, verbs } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

// What a person said as an agent does: a session's beginning, its turns, its tasks, its reports, its end (8.8).

const { scene, database } = withHouse();
let team: Team;
/** Another one for each test: they share a database. */
let tag = 0;
let [mineWord, itsWord] = ['', ''];
let act: ReturnType<typeof verbs> & ReturnType<typeof approvalActs>;
beforeEach(async () => {
  team = await seedTeam(scene.house);
  tag += 1;
  [mineWord, itsWord] = [`mine${tag}`, `its${tag}`];
  act = { ...verbs(scene.house, team), ...approvalActs(scene.house, team) } as typeof act;
});

const deps = () => ({ ...scene.house.deps, database: database() });
const prisma = () => database().prisma;
const me = (): string => team.operator.actor.id;
const MAIL = 'jo.kern@nordwind-versand.de';

/** Everything that can be said so, by one viewer; every text is the viewer's `word` with what it is. */
async function saysAll(by: Viewer, word: string) {
  const { deps: house } = scene.house;
  const { reply: started } = await createSession(house, by, {
    teamId: team.teamId,
    initialMessage: `${word}-beginning to ${MAIL}`,
    context: { note: `${word}-context` },
  });
  const { sessionId } = started;
  await appendConversationTurn(house, by, sessionId, {
    agentName: 'ada',
    input: `${word}-input`,
    response: `${word}-response to ${MAIL}`,
  });
  const { reply: task } = await createTask(house, by, {
    sessionId,
    agentName: 'ada',
    instructions: `${word}-instructions`,
  });
  await finishTask(house, by, {
    taskId: task.taskId,
    status: 'COMPLETED',
    result: { it: `${word}-result` },
  });
  await reportExecutionEvent(house, by, {
    sessionId,
    agentName: 'ada',
    type: 'tool_call',
    input: `${word}-report`,
    context: { to: `${word}-reported to ${MAIL}` },
  });
  const call = await act.request(sessionId, { proposedAction: `${word}-action` }, by);
  await act.cancel(call, `${word}-cancelled`, by);
  const found = { code: 'found', level: 'LOW', evidence: `${word}-evidence` };
  await prisma().approval.update({
    where: { id: call },
    data: { assessment: { level: 'LOW', factors: [found, found] } },
  });
  await completeSession(house, by, sessionId, { it: `${word}-done` });
  return { sessionId, taskId: task.taskId, call };
}
const said = [
  'beginning',
  'context',
  'input',
  'response',
  'instructions',
  'result',
  'report',
  'reported',
  'action',
  'cancelled',
  'done',
];

async function sealAll() {
  for (let rows = await readUnsealed(database().query, 500, new Set()); rows.length > 0; ) {
    await seal(database().query, rows);
    rows = await readUnsealed(database().query, 500, new Set());
  }
}
async function exported(first = 100): Promise<PersonalRecord[]> {
  const records: PersonalRecord[] = [];
  for (let after: string | null = null; ; ) {
    const page = await exportPerson(scene.house.deps, team.admin, me(), { first, after });
    records.push(...page.records);
    if (page.next === null) return records;
    after = page.next;
  }
}
const stored = async (): Promise<string> =>
  JSON.stringify([await everything(scene.house), await prisma().event.findMany()], (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );

/** Who stands beside what was said in a session. */
async function authors({ sessionId, taskId, call }: Awaited<ReturnType<typeof saysAll>>) {
  const session = await prisma().session.findUniqueOrThrow({ where: { id: sessionId } });
  const [turn] = await prisma().conversationTurn.findMany({ where: { sessionId } });
  const task = await prisma().task.findUniqueOrThrow({ where: { id: taskId } });
  const approval = await prisma().approval.findUniqueOrThrow({ where: { id: call } });
  const made = await prisma().task.findUniqueOrThrow({ where: { id: approval.taskId! } });
  return [
    session.startedById,
    session.endedById,
    turn!.saidById,
    task.givenById,
    task.finishedById,
    approval.settledById,
    made.givenById,
  ];
}
const allOf = (id: string | null) => Array.from({ length: 7 }, () => id);

describe('whose words they are (8.8)', () => {
  it('stands beside them: a person, and nobody where an agent said them', async () => {
    expect(await authors(await saysAll(team.operator, mineWord))).toEqual(allOf(me()));
    expect(await authors(await saysAll(team.agent, itsWord))).toEqual(allOf(null));
    const values = await prisma().sealedValue.findMany({ where: { projectId: team.projectId } });
    expect(new Set(values.map(({ saidById }) => saidById))).toEqual(new Set([me(), null]));
  });

  it('is whoever ended a session, however it ended', async () => {
    const { deps: house } = scene.house;
    const ended = async (end: (id: string) => Promise<unknown>) => {
      const id = await act.start();
      await end(id);
      const { startedById, endedById } = await prisma().session.findUniqueOrThrow({ where: { id } });
      return [startedById, endedById];
    };
    expect(await ended((id) => failSession(house, team.operator, id, 'broken'))).toEqual([null, me()]);
    expect(await ended((id) => cancelSession(house, team.operator, id, null))).toEqual([null, me()]);
    expect(await ended((id) => cancelSession(house, team.agent, id, 'no more'))).toEqual([null, null]);
  });

  it('is whoever answered, and not whoever approved the answer, of what came of a task', async () => {
    const sessionId = await act.start();
    const call = await act.request(sessionId);
    await act.vote(call);
    await act.begin(call);
    const answer = await act.submit(call);
    await act.vote(answer);
    const approval = await prisma().approval.findUniqueOrThrow({ where: { id: answer } });
    expect(approval.settledById).toBe(me());
    expect(await prisma().task.findUniqueOrThrow({ where: { id: approval.taskId! } })).toMatchObject({
      status: 'COMPLETED',
      givenById: null,
      finishedById: null,
    });
    await completeSession(scene.house.deps, team.agent, sessionId, null);
  });
});

describe('what a person said as an agent does (8.8)', () => {
  it('is exported, each where it stands and unmasked, and nobody else’s with it', async () => {
    await saysAll(team.operator, mineWord);
    await saysAll(team.agent, itsWord);
    await saysAll(team.colleague, 'theirs');
    await sealAll();
    const records = await exported();
    const text = JSON.stringify(records);
    for (const word of said) expect(text, word).toContain(`${mineWord}-${word}`);
    expect(text).not.toMatch(/its\d|theirs|\[masked:/);
    const of = (kind: string) => records.filter((record) => record.kind === kind).map(({ value }) => value);
    expect(of('session_started')).toMatchObject([
      { initialMessage: `${mineWord}-beginning to ${MAIL}`, context: { note: `${mineWord}-context` } },
    ]);
    expect(of('session_ended')).toMatchObject([{ status: 'COMPLETED', result: { it: `${mineWord}-done` } }]);
    expect(of('turn')).toMatchObject([
      { input: `${mineWord}-input`, response: `${mineWord}-response to ${MAIL}` },
    ]);
    expect(of('task_given')).toHaveLength(2);
    expect(of('task_finished')).toMatchObject([{ result: { it: `${mineWord}-result` } }]);
    expect(of('approval_settled')).toMatchObject([{ status: 'CANCELLED', reason: `${mineWord}-cancelled` }]);
    expect(await exported(1)).toEqual(records);
  });

  it('is exported without what others answered in the session that they began', async () => {
    const { reply } = await createSession(scene.house.deps, team.operator, {
      teamId: team.teamId,
      initialMessage: 'mine',
      context: { mine: true },
    });
    await act.resolve(await act.ask(reply.sessionId), { reasoning: 'of the colleague' }, team.colleague);
    const [started] = (await exported()).filter(({ kind }) => kind === 'session_started');
    expect(started).toMatchObject({ value: { context: { mine: true } } });
    expect(JSON.stringify(started)).not.toContain('colleague');
    await cancelSession(scene.house.deps, team.agent, reply.sessionId, null);
  });

  it('is erased from where it stands; what others said in the same session stays, and the log verifies', async () => {
    const mine = await saysAll(team.operator, mineWord);
    const theirs = await saysAll(team.agent, itsWord);
    const { reply } = await createSession(scene.house.deps, team.operator, {
      teamId: team.teamId,
      initialMessage: `${mineWord}-shared`,
      context: { mine: `${mineWord}-kept` },
    });
    const { sessionId } = reply;
    const shared = await act.ask(sessionId, { message: `${itsWord}-its-question` });
    await act.resolve(shared, { reasoning: `${itsWord}-of-the-colleague` }, team.colleague);
    await act.acknowledge(shared);
    const turn = { agentName: 'ada', input: `${itsWord}-its-input`, response: `${itsWord}-its-response` };
    await appendConversationTurn(scene.house.deps, team.agent, sessionId, turn);
    await prisma().session.update({
      where: { id: sessionId },
      data: { runnerState: { heard: `${mineWord}-shared` } },
    });
    await completeSession(scene.house.deps, team.agent, sessionId, `${itsWord}-its-end`);
    await sealAll();
    const before = await verifyLog(prisma());
    const version = (await prisma().session.findUniqueOrThrow({ where: { id: sessionId } })).version;

    await erasePerson(deps(), team.admin, me());
    const text = await stored();
    expect(text.includes(mineWord)).toBe(false);
    for (const word of said) expect(text.includes(`${itsWord}-${word}`), word).toBe(true);
    for (const word of [
      `${itsWord}-its-question`,
      `${itsWord}-of-the-colleague`,
      `${itsWord}-its-input`,
      `${itsWord}-its-end`,
    ])
      expect(text.includes(word), word).toBe(true);
    expect(await prisma().session.findUniqueOrThrow({ where: { id: sessionId } })).toMatchObject({
      initialMessage: '[erased]',
      context: { human_reasoning: `${itsWord}-of-the-colleague` },
      runnerState: null,
      status: 'COMPLETED',
    });
    expect((await prisma().session.findUniqueOrThrow({ where: { id: sessionId } })).version).toBeGreaterThan(
      version,
    );
    expect(await prisma().approval.findUniqueOrThrow({ where: { id: mine.call } })).toMatchObject({
      assessment: { level: 'LOW', factors: [{ code: 'found', evidence: null }, { code: 'found' }] },
    });
    const sealed = (id: string) => prisma().sealedValue.count({ where: { sessionId: id } });
    expect(await sealed(mine.sessionId)).toBe(0);
    expect(await sealed(theirs.sessionId)).toBeGreaterThan(0);
    expect((await verifyLog(prisma(), before.heads)).fault).toBeNull();
    expect(JSON.stringify(await exported())).not.toContain(mineWord);
  });

  it('is erased whole, wherever it was broken off and called again', async () => {
    const mine = await saysAll(team.operator, mineWord);
    await saysAll(team.agent, itsWord);
    await sealAll();
    const statements = await eachTimeFurther(prisma(), (cut) =>
      erasePerson({ ...deps(), prisma: cut }, team.admin, me()),
    );
    expect(statements).toBeGreaterThan(10);
    const text = await stored();
    expect(text.includes(mineWord)).toBe(false);
    for (const word of said) expect(text.includes(`${itsWord}-${word}`), word).toBe(true);
    const kept = await prisma().sealedValue.findMany({ where: { sessionId: mine.sessionId } });
    expect(kept).toEqual([]);
    const tokens = idsIn(text);
    const values = await prisma().sealedValue.findMany({ where: { id: { in: [...tokens] } } });
    expect(values).toHaveLength(tokens.size);
    expect((await verifyLog(prisma())).fault).toBeNull();
  });

  it('is not erased while a session that they began, or a task that they gave, goes on', async () => {
    const { deps: house } = scene.house;
    const attempt = () => erasePerson(deps(), team.admin, me());
    const { reply } = await createSession(house, team.operator, {
      teamId: team.teamId,
      initialMessage: 'go',
    });
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', attempt);
    await completeSession(house, team.agent, reply.sessionId, null);
    const sessionId = await act.start();
    const task = { sessionId, agentName: 'ada', instructions: 'do it' };
    const { taskId } = (await createTask(house, team.operator, task)).reply;
    expect(await refusal(attempt())).toBe('INVALID_STATE');
    await finishTask(house, team.agent, { taskId, status: 'FAILED', result: null });
    await attempt();
    expect(await prisma().task.findUniqueOrThrow({ where: { id: taskId } })).toMatchObject({
      instructions: '[erased]',
    });
    await completeSession(house, team.agent, sessionId, null);
  });
});

// Last: it takes events out of the log, which does not verify afterwards.
describe('whose the words of a row from before are (8.8)', () => {
  it('is what the log still tells: the migration fills it in, once or again', async () => {
    const places = [
      await saysAll(team.operator, mineWord),
      await saysAll(team.agent, itsWord),
      await saysAll(team.supervisor, 'pruned'),
    ];
    const [mine, its, pruned] = places;
    await sealAll();
    await saysAll(team.colleague, 'unsealed').then((place) => places.push(place));
    await prisma().event.deleteMany({ where: { sessionId: pruned!.sessionId } });
    await prisma().session.updateMany({ data: { startedById: null, endedById: null } });
    await prisma().conversationTurn.updateMany({ data: { saidById: null } });
    await prisma().task.updateMany({ data: { givenById: null, finishedById: null } });
    await prisma().approval.updateMany({ data: { settledById: null } });
    const migration = await readFile('prisma/migrations/0019_authors/migration.sql', 'utf8');
    const fill = migration.slice(migration.indexOf('WITH told'));
    for (let times = 0; times < 2; times++) {
      await prisma().$executeRawUnsafe(fill);
      expect(await authors(mine!)).toEqual(allOf(me()));
      expect(await authors(its!)).toEqual(allOf(null));
      expect(await authors(pruned!)).toEqual(allOf(null));
      expect(await authors(places[3]!)).toEqual(allOf(team.colleague.actor.id));
    }
  });
});
