import { beforeAll, describe, expect, it } from 'vitest';
import { withDatabase } from '../support/database.ts';
import {
  everything,
  eventsOf,
  type House,
  keepsInvariants,
  openHouse,
  refusedWithoutTrace,
  seconds,
  seedTeam,
  type Team,
  verbs,
} from '../support/house.ts';
import { cancelSession } from '../../src/sessions/end.ts';
import { requestIntervention } from '../../src/interventions/request.ts';

const database = withDatabase();
let house: House;
let team: Team;
let act: ReturnType<typeof verbs>;
beforeAll(async () => {
  house = openHouse(database(), database().clock);
  team = await seedTeam(house);
  act = verbs(house, team);
});
keepsInvariants(() => house);

const options = [
  { id: 'a', label: 'A', description: '', value: 'a', recommended: true },
  {
    id: 'b',
    label: 'B',
    description: '',
    value: 'b',
    category: 'ESCALATION' as const,
    disabled: true,
    metadata: { x: 1 },
  },
];

describe('asking', () => {
  it('makes the session wait, and keeps all that was asked with the terms of behaviour 4.9', async () => {
    const sessionId = await act.start();
    const id = await act.ask(sessionId, {
      options,
      urgency: 'HIGH',
      context: { why: 'ü\u{1f680}' },
      responseSchema: { type: 'string' },
    });
    const [intervention, session] = await Promise.all([
      house.deps.prisma.intervention.findUniqueOrThrow({ where: { id } }),
      house.deps.prisma.session.findUniqueOrThrow({ where: { id: sessionId } }),
    ]);
    const now = database().clock.now();
    expect(intervention).toMatchObject({
      sessionId,
      teamId: team.teamId,
      projectId: team.projectId,
      agentName: 'ada',
      status: 'PENDING',
      urgency: 'HIGH',
      context: { why: 'ü\u{1f680}' },
      responseSchema: { type: 'string' },
      timeout: 300,
      autoContinue: false,
      asyncMode: false,
      requiredRole: 'OPERATOR',
      escalationLevel: 0,
      delivery: 'UNANSWERED',
      open: true,
      resolution: null,
      response: null,
    });
    expect(intervention.terms).toEqual({
      v: 1,
      escalation: {
        automatic: true,
        after: 600,
        levels: ['SUPERVISOR', 'MANAGER', 'ADMIN'].map((role) => ({ role, timeout: 600 })),
      },
    });
    expect(intervention.options).toEqual([
      { ...options[0], category: 'SELECTION', metadata: {}, disabled: false, disabledReason: null },
      { ...options[1], recommended: false, disabledReason: 'disabled by the agent' },
    ]);
    expect(seconds(now, intervention.expiresAt)).toBe(300);
    expect(session).toMatchObject({
      status: 'WAITING_FOR_HUMAN',
      currentInterventionId: id,
      interventionCount: 1,
      version: 1,
      lastInterventionAt: now,
    });
  });

  it('behaviour 9.1: writes intervention_requested and the session’s move, and raises the version by one', async () => {
    const sessionId = await act.start();
    let id = '';
    const events = await eventsOf(house, async () => (id = await act.ask(sessionId, { timeout: 60 })));
    const expiresAt = new Date(database().clock.now().getTime() + 60_000).toISOString();
    expect(events).toEqual([
      {
        type: 'intervention_requested',
        subjectId: id,
        by: team.agent.actor.id,
        data: { agentName: 'ada', type: 'DECISION', urgency: 'NORMAL', expiresAt },
      },
      {
        type: 'session_status_changed',
        subjectId: sessionId,
        by: team.agent.actor.id,
        data: { from: 'ACTIVE', to: 'WAITING_FOR_HUMAN' },
      },
    ]);
  });

  it('behaviour 3.1: several may be pending; the current one is the oldest', async () => {
    const sessionId = await act.start();
    const first = await act.ask(sessionId);
    const events = await eventsOf(house, () => act.ask(sessionId, { agentName: 'bob' }));
    expect(events.map(({ type }) => type)).toEqual(['intervention_requested']);
    const session = await house.deps.prisma.session.findUniqueOrThrow({ where: { id: sessionId } });
    expect(session).toMatchObject({ currentInterventionId: first, interventionCount: 2, version: 2 });
  });

  it('leaves other sessions as they are, and touches nothing but its own rows', async () => {
    const [other, mine] = [await act.start(), await act.start()];
    await act.ask(other);
    const before = await everything(house);
    await act.ask(mine);
    const after = await everything(house);
    expect(after.sessions.filter(({ id }) => id !== mine)).toEqual(
      before.sessions.filter(({ id }) => id !== mine),
    );
    expect(after.interventions.filter(({ sessionId }) => sessionId !== mine)).toEqual(before.interventions);
    expect(after.queues[0]!.pending).toBe(before.queues[0]!.pending + 1);
    expect([after.turns, after.tasks, after.keys]).toEqual([before.turns, before.tasks, before.keys]);
  });

  it('behaviour 2.9: the agent is known from the first time it acts', async () => {
    await act.ask(await act.start(), { agentName: 'never seen before' });
    expect(
      await house.deps.prisma.agent.count({ where: { teamId: team.teamId, name: 'never seen before' } }),
    ).toBe(1);
  });
});

describe('asking is refused, and changes nothing', () => {
  it('behaviour 4.1: once the session has ended (INVALID_STATE)', async () => {
    const sessionId = await act.start();
    await cancelSession(house.deps, team.agent, sessionId, null);
    await refusedWithoutTrace(house, 'INVALID_STATE', () => act.ask(sessionId));
  });

  it('behaviour 2.2: in a session of another project, or of none (NOT_FOUND)', async () => {
    const sessionId = await act.start();
    const input = { sessionId, agentName: 'eve', type: 'DECISION' as const, message: '?' };
    await refusedWithoutTrace(house, 'NOT_FOUND', () =>
      requestIntervention(house.deps, team.stranger, input),
    );
    await refusedWithoutTrace(house, 'NOT_FOUND', () => act.ask('session_gone'));
  });

  it.each([
    ['an empty message', { message: ' ' }],
    ['a message of 20,001 characters', { message: 'é'.repeat(20_001) }],
    ['an empty agent name', { agentName: '' }],
    ['51 options', { options: Array.from({ length: 51 }, (_, at) => ({ ...options[0]!, id: `${at}` })) }],
    ['a repeated option id', { options: [options[0]!, options[0]!] }],
    ['no seconds', { timeout: 0 }],
    ['seconds beyond a year', { timeout: 31_536_001 }],
    ['half a second', { timeout: 1.5 }],
    ['a context over 256 kB', { context: { text: 'x'.repeat(256 * 1024) } }],
    ['a context that is a list', { context: [] }],
    ['65 levels', { context: JSON.parse(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`) }],
    ['a responseSchema that is none', { responseSchema: { type: 'objekt' } }],
    ['an idempotency key of 256 characters', { idempotencyKey: 'x'.repeat(256) }],
  ])('behaviour 10.3: with %s (INVALID_INPUT)', async (_, input) => {
    const sessionId = await act.start();
    await refusedWithoutTrace(house, 'INVALID_INPUT', () => act.ask(sessionId, input as never));
  });

  it('behaviour 10.3: 20,000 characters are counted as a person counts, and 64 levels are allowed', async () => {
    const context = JSON.parse(`${'{"a":'.repeat(64)}1${'}'.repeat(64)}`);
    const asking = act.ask(await act.start(), { message: '\u{1f680}'.repeat(20_000), context });
    await expect(asking).resolves.toMatch(/^intervention_/);
  });
});
