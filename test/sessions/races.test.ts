import { describe, expect, it } from 'vitest';
import { gate } from '../support/gate.ts';
import {
  everything,
  heldBeforeWriting,
  keepsInvariants,
  openHouse,
  refusal,
  seedTeam,
  verbs,
} from '../support/house.ts';
import { onPostgres } from '../support/database.ts';
import { withTwoHouses } from '../support/with-house.ts';
import { DomainError } from '../../src/kernel/errors.ts';
import { appendConversationTurn } from '../../src/sessions/append-turn.ts';
import { cancelSession, completeSession } from '../../src/sessions/end.ts';
import { createSession } from '../../src/sessions/start.ts';

const { database, houses, acts, team } = withTwoHouses();
keepsInvariants(() => houses[0]!);

const of = (at: number) => acts[at % 2]!;

/** How many were granted, and each refusal's code with its count. */
async function tally(attempts: Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const result of await Promise.allSettled(attempts)) {
    const name =
      result.status === 'fulfilled'
        ? 'granted'
        : result.reason instanceof DomainError
          ? result.reason.code
          : String(result.reason);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const find = (id: string) => houses[0]!.deps.prisma.intervention.findUniqueOrThrow({ where: { id } });
const session = (id: string) => houses[0]!.deps.prisma.session.findUniqueOrThrow({ where: { id } });
const eventsAbout = (subjectId: string, type: string) =>
  houses[0]!.deps.prisma.unsealedEvent.count({ where: { subjectId, type } });

describe('behaviour 4.2: exactly one answer wins', () => {
  it.each([
    ['in one process', () => 0],
    ['across two', (at: number) => at],
  ])('of 50 at once %s; the rest are ALREADY_RESOLVED', async (_, pick) => {
    const sessionId = await of(0).start();
    const id = await of(0).ask(sessionId);
    const attempts = Array.from({ length: 50 }, (_, at) =>
      of(pick(at)).resolve(id, { reasoning: `answer ${at}` }),
    );
    expect(await tally(attempts)).toEqual({ granted: 1, ALREADY_RESOLVED: 49 });
    expect(await eventsAbout(id, 'intervention_resolved')).toBe(1);
    expect((await session(sessionId)).version).toBe(2);
  });

  it('of 50 at once, also where both processes had read before either wrote', async () => {
    const { clock } = database();
    const id = await of(0).ask(await of(0).start());
    const bothHaveRead = gate(2);
    const held = [database(), onPostgres ? await database().replica() : database()].map((each) =>
      verbs(
        openHouse(
          heldBeforeWriting(each, async (writes) => void (writes === 0 && (await bothHaveRead.arrive()))),
          clock,
        ),
        team,
      ),
    );
    const attempts = Array.from({ length: 50 }, (_, at) =>
      held[at % 2]!.resolve(id, { reasoning: `answer ${at}` }),
    );
    expect(await tally(attempts)).toEqual({ granted: 1, ALREADY_RESOLVED: 49 });
    expect(await eventsAbout(id, 'intervention_resolved')).toBe(1);
  });

  it('of an answer that had read before another one wrote: it decides again, on what stands', async () => {
    const id = await of(0).ask(await of(0).start());
    const slow = openHouse(
      heldBeforeWriting(database(), async (writes) => {
        if (writes === 0) await of(0).resolve(id, { resolutionType: 'REJECT' });
      }),
      database().clock,
    );
    expect(await refusal(verbs(slow, team).resolve(id))).toBe('ALREADY_RESOLVED');
    expect((await find(id)).resolution).toBe('REJECTED');
    expect(slow.announced).toEqual([]);
  });

  it('whatever kind of answer each one is, and whoever takes the request back', async () => {
    const sessionId = await of(0).start();
    const id = await of(0).ask(sessionId, {
      options: [{ id: 'a', label: 'A', description: '', value: 'a' }],
    });
    const counts = await tally([
      of(0).resolve(id, { resolutionType: 'REJECT' }),
      of(1).select(id, { optionId: 'a' }),
      of(0).respond(id),
      of(1).resume(sessionId),
      of(0).cancel(id),
      of(1).cancel(id, 'twice'),
    ]);
    expect(counts.granted).toBe(1);
    expect(
      (await eventsAbout(id, 'intervention_resolved')) + (await eventsAbout(id, 'intervention_cancelled')),
    ).toBe(1);
  });

  it('at the instant of its deadline: the clock has it, once, whoever looks first', async () => {
    const sessionId = await of(0).start();
    const id = await of(0).ask(sessionId, { timeout: 60, autoContinue: true });
    database().clock.advance(60);
    const counts = await tally([
      of(0).resolve(id),
      of(1).sweep(id),
      of(0).sweep(id),
      of(1).resolve(id, { resolutionType: 'REJECT' }),
    ]);
    expect(counts).toEqual({ granted: 2, ALREADY_RESOLVED: 2 });
    expect((await find(id)).resolution).toBe('AUTO_CONTINUE');
    for (const type of ['timeout_occurred', 'auto_continue_triggered', 'intervention_resolved'])
      expect(await eventsAbout(id, type)).toBe(1);
  });

  it('while others claim, release and escalate: nothing of theirs is lost or written on what was settled', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await of(0).ask(await of(0).start());
      await tally([
        of(0).claim(id, team.supervisor),
        of(1).resolve(id, {}, team.admin),
        of(0).escalate(id, { level: 3 }),
        of(1).release(id, team.supervisor),
        of(0).claim(id, team.admin),
        of(1).escalate(id),
      ]);
      const item = await find(id);
      expect(item.status).toBe('RESOLVED');
      expect(await eventsAbout(id, 'escalation_triggered')).toBe((item.escalations as unknown[]).length);
      const events = await houses[0]!.deps.prisma.unsealedEvent.findMany({
        where: { subjectId: id },
        orderBy: { sequence: 'asc' },
      });
      expect(events.at(-1)!.type === 'human_override' ? events.at(-2)!.type : events.at(-1)!.type).toBe(
        'intervention_resolved',
      );
    }
  });
});

describe('behaviour 3.1, 3.6: the last answer resumes the session', () => {
  it('exactly once, of answers to several interventions at once', async () => {
    const sessionId = await of(0).start();
    const ids: string[] = [];
    for (let at = 0; at < 6; at += 1) ids.push(await of(at).ask(sessionId, { agentName: `agent ${at}` }));
    const replies = await Promise.all(ids.map((id, at) => of(at).resolve(id)));
    expect(replies.filter(({ sessionResumed }) => sessionResumed)).toHaveLength(1);
    expect(await session(sessionId)).toMatchObject({
      status: 'ACTIVE',
      currentInterventionId: null,
      version: 12,
    });
    expect(await eventsAbout(sessionId, 'session_status_changed')).toBe(2);
  });

  it('and an ask at the same instant either comes before, and keeps it waiting, or after, and makes it wait', async () => {
    const sessionId = await of(0).start();
    const first = await of(0).ask(sessionId);
    const [, second] = await Promise.all([of(0).resolve(first), of(1).ask(sessionId)]);
    expect(await session(sessionId)).toMatchObject({
      status: 'WAITING_FOR_HUMAN',
      currentInterventionId: second,
    });
  });

  it('a session that ends meanwhile has nothing pending left, whoever was first', async () => {
    for (let round = 0; round < 5; round += 1) {
      const sessionId = await of(0).start();
      const id = await of(0).ask(sessionId);
      await tally([
        of(0).ask(sessionId),
        cancelSession(houses[1]!.deps, team.agent, sessionId, null),
        of(1).resolve(id),
        of(0).ask(sessionId),
        completeSession(houses[0]!.deps, team.agent, sessionId, null),
      ]);
      expect(['CANCELLED', 'COMPLETED']).toContain((await session(sessionId)).status);
    }
  });
});

describe('behaviour 4.1: QUEUE_FULL', () => {
  it('is exact: of 300 asks at once 110 are admitted, and a place given back is taken by one', async () => {
    const crowded = await seedTeam(houses[0]!);
    const [one, two] = houses.map((house) => verbs(house, crowded));
    const pick = (at: number) => (at % 2 === 0 ? one! : two!);
    const sessions = await Promise.all(Array.from({ length: 300 }, (_, at) => pick(at).start()));
    expect(await tally(sessions.map((id, at) => pick(at).ask(id)))).toEqual({
      granted: 110,
      QUEUE_FULL: 190,
    });
    const pending = await houses[0]!.deps.prisma.intervention.findMany({
      where: { teamId: crowded.teamId },
      take: 5,
    });
    const again = await houses[0]!.deps.prisma.session.findMany({
      where: { teamId: crowded.teamId, status: 'ACTIVE' },
      take: 20,
    });
    await Promise.all(pending.map(({ id }, at) => pick(at).resolve(id)));
    expect(await tally(again.map(({ id }, at) => pick(at).ask(id)))).toEqual({ granted: 5, QUEUE_FULL: 15 });
  });

  it('is not said for the sake of an ask in the same batch that was refused in the end', async () => {
    const crowded = await seedTeam(houses[0]!);
    const act = verbs(houses[0]!, crowded);
    const full = await act.start();
    for (let at = 0; at < 109; at += 1) await act.ask(full);
    const [ended, live] = [await act.start(), await act.start()];
    // Both asks are decided on one read; then the first one's session ends before they are written.
    const held = openHouse(
      heldBeforeWriting(database(), async (writes) => {
        if (writes === 0) await cancelSession(houses[0]!.deps, crowded.agent, ended, null);
      }),
      database().clock,
    );
    const late = verbs(held, crowded);
    expect(await tally([late.ask(ended)])).toEqual({ INVALID_STATE: 1 });
    const both = openHouse(
      heldBeforeWriting(database(), async (writes) => {
        if (writes === 0) await cancelSession(houses[0]!.deps, crowded.agent, other, null);
      }),
      database().clock,
    );
    const other = await act.start();
    expect(await tally([verbs(both, crowded).ask(other), verbs(both, crowded).ask(live)])).toEqual({
      INVALID_STATE: 1,
      granted: 1,
    });
  });
});

describe('one batch for many', () => {
  it('what the database will not have fails alone: a stranger in the same batch does not notice', async () => {
    const [bad, good] = [await of(0).start(), await of(0).start()];
    const turn = { agentName: 'ada', input: '', response: '' };
    const results = await Promise.allSettled([
      appendConversationTurn(houses[0]!.deps, team.agent, good, turn),
      appendConversationTurn(houses[0]!.deps, team.agent, bad, { ...turn, response: 'a\u0000b' }),
      of(0).ask('session_\u0000'),
      of(0).ask(good),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect((await session(bad)).version).toBe(0);
  });

  it('a session that a hundred want holds nobody else up', async () => {
    const [hot, calm] = [await of(0).start(), await of(0).start()];
    const order: string[] = [];
    const turn = { agentName: 'ada', input: '', response: '' };
    const crowd = Array.from({ length: 100 }, () =>
      appendConversationTurn(houses[0]!.deps, team.agent, hot, turn).then(() => order.push('hot')),
    );
    const one = appendConversationTurn(houses[0]!.deps, team.agent, calm, turn).then(() =>
      order.push('calm'),
    );
    await Promise.all([...crowd, one]);
    expect(order.indexOf('calm')).toBeLessThan(5);
    expect((await session(hot)).version).toBe(100);
    expect(await houses[0]!.deps.prisma.conversationTurn.count({ where: { sessionId: hot } })).toBe(100);
  });

  it('a change that does not get through is neither announced nor driven, and leaves no event', async () => {
    const sessionId = await of(0).start({ runner: 'inside' });
    const id = await of(0).ask(sessionId);
    const before = (await everything(houses[0]!)).events.length;
    const slow = openHouse(
      heldBeforeWriting(database(), async (writes) => void (writes === 0 && (await of(0).resolve(id)))),
      database().clock,
    );
    expect(await refusal(verbs(slow, team).cancel(id))).toBe('ALREADY_RESOLVED');
    expect([slow.announced, slow.drives]).toEqual([[], []]);
    expect((await everything(houses[0]!)).events.length - before).toBe(2);
  });
});

describe('replicas whose clocks differ', () => {
  it('agree on which intervention is the oldest', async () => {
    const { clock } = database();
    const behind = openHouse(database(), { ...clock, now: () => new Date(clock.now().getTime() - 500) });
    const sessionId = await of(0).start();
    await of(0).ask(sessionId);
    const older = await verbs(behind, team).ask(sessionId);
    expect((await session(sessionId)).currentInterventionId).toBe(older);
  });
});

it('creating at once with one key makes one session, whichever replica was asked', async () => {
  const input = { teamId: team.teamId, initialMessage: 'once', idempotencyKey: 'start once' };
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, at) => createSession(houses[at % 2]!.deps, team.agent, input)),
  );
  expect(new Set(made.map(({ reply }) => reply.sessionId)).size).toBe(1);
  expect(await houses[0]!.deps.prisma.session.count({ where: { initialMessage: 'once' } })).toBe(1);
});
