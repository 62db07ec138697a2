import { beforeEach, describe, expect, it } from 'vitest';
import { readUnsealed, seal } from '../../src/events/seal.ts';
import { verifyLog } from '../../src/events/verify.ts';
import type { Viewer } from '../../src/identity/viewer.ts';
import { acknowledgeResponse } from '../../src/interventions/acknowledge.ts';
import { erasePerson } from '../../src/privacy/erase-person.ts';
import { exportPerson, type PersonalRecord } from '../../src/privacy/export-person.ts';
import { idsIn } from '../../src/privacy/tokens.ts';
import { completeSession } from '../../src/sessions/end.ts';
import { approvalActs } from '../approvals/acts.ts';
import { everything, refusal, refusedWithoutTrace, seedTeam, type Team, verbs } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, database } = withHouse();
let team: Team;
let act: ReturnType<typeof verbs> & ReturnType<typeof approvalActs>;
let person: Viewer;
/** Another one for each test: they share a database. */
let tag = 0;
beforeEach(async () => {
  team = await seedTeam(scene.house);
  act = { ...verbs(scene.house, team), ...approvalActs(scene.house, team) } as typeof act;
  const { prisma, ids, clock } = scene.house.deps;
  const id = ids.next('user');
  tag += 1;
  const name = `Gundula${tag} Rabenhorst`;
  await prisma.user.create({
    data: {
      id,
      name,
      email: `gundula${tag}@rabenhorst-consulting.de`,
      role: 'SUPERVISOR',
      projectId: team.projectId,
      createdAt: clock.now(),
    },
  });
  person = {
    ...team.supervisor,
    actor: { kind: 'USER', id, name, role: 'SUPERVISOR' },
    credentialId: ids.next('key'),
  };
});

const deps = () => ({ ...scene.house.deps, database: database() });
async function sealAll() {
  for (let rows = await readUnsealed(database().query, 500, new Set()); rows.length > 0; ) {
    await seal(database().query, rows);
    rows = await readUnsealed(database().query, 500, new Set());
  }
}
async function exported(first = 100, by = team.admin): Promise<PersonalRecord[]> {
  const records: PersonalRecord[] = [];
  for (let after: string | null = null; ; ) {
    const page = await exportPerson(scene.house.deps, by, person.actor.id, { first, after });
    records.push(...page.records);
    if (page.next === null) return records;
    after = page.next;
  }
}
/** Everything stored, the sealed log too. */
async function stored(): Promise<string> {
  const { prisma } = database();
  const more = [
    await prisma.event.findMany(),
    await prisma.user.findMany(),
    await prisma.intervention.findMany(),
  ];
  return JSON.stringify([await everything(scene.house), more], (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

/** What the person does in one day. */
async function aDay() {
  const { deps: house } = scene.house;
  const sessionId = await act.start();
  const first = await act.ask(sessionId);
  await act.claim(first, person);
  await act.escalate(first, { reason: `escalated-by-gundula${tag}` }, person);
  const second = await act.ask(sessionId);
  await act.resolve(
    second,
    {
      resolutionType: 'MODIFY',
      reasoning: `reason-of-gundula${tag}, mail jo.kern@nordwind-versand.de`,
      modifications: { to: `word-of-gundula${tag}` },
    },
    person,
  );
  await acknowledgeResponse(house, team.agent, second);
  await act.resolve(first, {}, team.admin);
  await acknowledgeResponse(house, team.agent, first);
  const call = await act.request(sessionId);
  await act.vote(call, { verdict: 'REJECT', reason: `rejected-by-gundula${tag}` }, person);
  await completeSession(house, team.agent, sessionId, { done: true });
  await sealAll();
  return { first, second, call, sessionId };
}
const words = () =>
  [
    'escalated-by-gundula',
    'reason-of-gundula',
    'word-of-gundula',
    'rejected-by-gundula',
    'Gundula',
    'gundula',
  ].map((word) => `${word}${tag}`);

describe('the data of one person (8.8)', () => {
  it('is exported whole, unmasked, the same in pages of any size', async () => {
    const { second } = await aDay();
    const records = await exported();
    const kinds = new Set(records.map(({ kind }) => kind));
    for (const kind of ['person', 'intervention_answered', 'intervention_escalated', 'vote', 'event'])
      expect(kinds, kind).toContain(kind);
    const text = JSON.stringify(records);
    for (const word of [...words(), 'jo.kern@nordwind-versand.de']) expect(text, word).toContain(word);
    expect(text).not.toContain('[masked:');
    expect(records.find(({ kind }) => kind === 'intervention_answered')?.value).toMatchObject({ id: second });
    expect(await exported(1)).toEqual(records);
    expect(await exported(3)).toEqual(records);
  });

  it('is for an ADMIN of their project, and for nobody of another', async () => {
    expect(await refusal(exported(10, team.stranger))).toBe('NOT_FOUND');
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () =>
      erasePerson(deps(), team.stranger, person.actor.id),
    );
    const bad = exportPerson(scene.house.deps, team.admin, person.actor.id, { first: 0 });
    expect(await refusal(bad)).toBe('INVALID_INPUT');
  });

  it('is erased for good: what was decided stands, and the log verifies as before', async () => {
    const { first, second, call, sessionId } = await aDay();
    const { prisma } = database();
    const before = await verifyLog(prisma);
    expect(before.fault).toBeNull();
    const others = await prisma.event.findMany({
      where: { sessionId, actor: { path: ['id'], equals: team.agent.actor.id } },
    });
    const sealedBefore = await prisma.sealedValue.count({ where: { sessionId } });
    const { events } = await erasePerson(deps(), team.admin, person.actor.id);
    expect(events).toBeGreaterThan(4);

    const text = await stored();
    for (const word of words()) expect(text.includes(word), word).toBe(false);
    expect(await prisma.sealedValue.count({ where: { sessionId } })).toBeLessThan(sealedBefore);
    const rows = await prisma.intervention.findMany({
      where: { id: { in: [first, second] } },
      orderBy: { id: 'asc' },
    });
    expect(rows).toMatchObject([
      { status: 'RESOLVED', resolution: 'APPROVED', escalationLevel: 1 },
      { status: 'RESOLVED', resolution: 'MODIFIED', response: { content: '[erased]', reasoning: null } },
    ]);
    expect(await act.approval(call)).toMatchObject({
      status: 'REJECTED',
      rejectionReason: null,
      votes: [{ verdict: 'REJECT', reason: null }],
    });
    const left = await exported();
    expect(left[0]).toMatchObject({ kind: 'person', value: { name: 'erased', email: null } });
    expect(left.filter(({ kind }) => kind === 'event')).toEqual([]);

    const after = await verifyLog(prisma, before.heads);
    expect(after.fault).toBeNull();
    const kept = await prisma.event.findMany({ where: { id: { in: others.map(({ id }) => id) } } });
    expect(kept.filter(({ data }) => data !== null).length).toBeGreaterThan(0);
    await sealAll();
    const [told] = await prisma.event.findMany({
      where: { type: 'person_erased', subjectId: person.actor.id },
    });
    expect(told).toMatchObject({ actor: { id: team.admin.actor.id }, data: { events } });
    // Again, it finds nothing more to do.
    expect((await erasePerson(deps(), team.admin, person.actor.id)).events).toBe(0);
    expect((await verifyLog(prisma)).fault).toBeNull();
  });

  it('leaves no encrypted word of theirs behind, also where it was broken off in the middle', async () => {
    const { sessionId } = await aDay();
    const { prisma, clock } = database();
    const whole = await exported();
    const spoken = [...idsIn(await stored())];
    clock.advance(3600);
    const broken = { ...deps(), vault: { drop: () => Promise.reject(new Error('the process is killed')) } };
    await expect(erasePerson(broken, team.admin, person.actor.id)).rejects.toThrow('killed');
    await erasePerson(deps(), team.admin, person.actor.id);
    const kept = await prisma.sealedValue.findMany({ where: { sessionId } });
    expect(JSON.stringify(whole)).toContain('jo.kern@');
    const said = idsIn(await stored());
    expect(kept.map(({ id }) => id).filter((id) => !said.has(id))).toEqual([]);
    // What others said in it is as it was.
    expect(spoken.filter((id) => said.has(id)).sort()).toEqual(
      (await prisma.sealedValue.findMany({ where: { id: { in: spoken } } })).map(({ id }) => id).sort(),
    );
  });

  it('leaves tampering to be found afterwards, in what was erased and in what was not', async () => {
    await aDay();
    await erasePerson(deps(), team.admin, person.actor.id);
    const { prisma } = database();
    const erased = (await prisma.event.findFirst({ where: { projectId: team.projectId, salt: null } }))!;
    const whole = (await prisma.event.findFirst({
      where: { projectId: team.projectId, salt: { not: null } },
    }))!;
    for (const [event, data, reason] of [
      [erased, { type: 'nothing_happened' }, 'description'],
      [erased, { contentDigest: '0'.repeat(64) }, 'description'],
      [whole, { data: { it: 'was never said' } }, 'content'],
    ] as const) {
      await prisma.event.update({ where: { id: event.id }, data });
      const { fault } = await verifyLog(prisma);
      expect(fault).toMatchObject({ eventId: event.id, reason: expect.stringContaining(reason) });
      const { type, contentDigest } = event;
      await prisma.event.update({
        where: { id: event.id },
        data: { type, contentDigest, ...(event.data === null ? {} : { data: event.data as object }) },
      });
    }
    expect((await verifyLog(prisma)).fault).toBeNull();
  });

  it('is not erased while a key of theirs is good, or something of theirs is open', async () => {
    const { prisma, ids, clock } = scene.house.deps;
    const userId = person.actor.id;
    const attempt = () => erasePerson(deps(), team.admin, userId);
    const id = ids.next('key');
    await prisma.apiKey.create({
      data: {
        id,
        name: 'k',
        hash: id,
        role: 'SUPERVISOR',
        projectId: team.projectId,
        userId,
        createdAt: clock.now(),
      },
    });
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', attempt);
    await prisma.apiKey.update({ where: { id }, data: { revokedAt: clock.now() } });
    const asked = await act.ask(await act.start({}), {});
    await act.resolve(asked, { resolutionType: 'REJECT' }, person);
    await prisma.intervention.update({ where: { id: asked }, data: { delivery: 'PENDING' } });
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', attempt);
    await acknowledgeResponse(scene.house.deps, team.agent, asked);
    await attempt();
    expect((await prisma.apiKey.findUniqueOrThrow({ where: { id } })).name).toBe('erased');
  });
});
