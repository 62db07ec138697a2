import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cancelIntervention } from '../../src/interventions/cancel.ts';
import { expireIntervention } from '../../src/interventions/expire.ts';
import { requestIntervention } from '../../src/interventions/request.ts';
import { resolveIntervention } from '../../src/interventions/resolve.ts';
import { provideCustomResponse } from '../../src/interventions/respond.ts';
import { resumeSession } from '../../src/interventions/resume.ts';
import { LeaseLost } from '../../src/runners/lease.ts';
import { cancelSession } from '../../src/sessions/end.ts';
import { attended } from '../runners/ai/attended.ts';
import { openHouse, type RunnerHouse, supervise } from '../runners/house.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { type Subject, subjects, type Watch, watched } from './subjects.ts';

// What every runner must do, and what every runner may rely on (src/runners/runner.ts), over each of them in turn.

const database = withDatabase();

describe.each(Object.keys(subjects))('the %s runner', (kind) => {
  let subject: Subject;
  let watch: Watch;
  let house: RunnerHouse;
  let beside: RunnerHouse;

  beforeEach(async () => {
    const clock = database().clock;
    subject = await subjects[kind]!(clock);
    const seen = watched(subject.runner, subject.isBeside);
    watch = seen.watch;
    const runners = [attended(seen.runner, subject.isBeside, () => house)];
    house = await openHouse({ database: database(), clock, runners });
    beside = await openHouse({ database: database(), clock, runners, beside: house });
  });
  afterEach(async () => {
    await house.close();
    await beside.close();
    await subject.close();
  });

  /** The turns that brought news; calls beside what is asked may have turns of their own. */
  const told = () => watch.turns.filter(({ news }) => news.length > 0);
  const begin = (...names: string[]) => house.start(subject.runner.name, subject.asking(names));
  const session = (id: string) => house.deps.prisma.session.findUniqueOrThrow({ where: { id } });
  const asked = (id: string) =>
    house.deps.prisma.intervention.findMany({ where: { sessionId: id }, orderBy: { id: 'asc' } });
  const said = async (id: string) => {
    const turns = await house.deps.prisma.conversationTurn.findMany({
      where: { sessionId: id },
      orderBy: { id: 'asc' },
    });
    return turns.map(({ agentName, response }) => `${agentName}: ${response}`);
  };
  const reaches = (id: string, status: string) =>
    until(`the session to be ${status}`, async () => {
      const found = await session(id);
      if (found.status === 'FAILED' && status !== 'FAILED') throw new Error(`FAILED: ${found.failureReason}`);
      return found.status === status;
    });
  const rested = (id: string) =>
    until('the session to be at rest', async () => {
      const drive = await house.deps.prisma.sessionDrive.findUnique({ where: { sessionId: id } });
      return drive !== null && drive.heldUntil === null && drive.turn > 0;
    });
  /** The worker has nothing in hand any more: until then its look passes the session by, though the lease is let go. */
  const idle = ({ worker }: RunnerHouse) =>
    until('the worker to be idle', () => worker.driver.running() === 0);
  const answer = (question: { id: string }, content: string) =>
    provideCustomResponse(house.deps, house.person, question.id, {
      responseText: content,
      responseType: 'note',
      metadata: { n: 1 },
    });

  test('behaviour 3.4: gets the answer exactly as it was given, then it counts as delivered', async () => {
    await house.worker.start();
    const id = await begin('deploy');
    await reaches(id, 'WAITING_FOR_HUMAN');
    const [question] = await asked(id);
    await answer(question!, 'ja \u{1f600} {{x}}');
    await reaches(id, 'COMPLETED');
    const [first] = watch.turns;
    expect(first).toMatchObject({ start: true, number: 0, attempt: 1, news: [] });
    expect(told()).toMatchObject([{ start: false, attempt: 1, pending: [] }]);
    const [second] = told();
    const [settled] = await asked(id);
    expect(second!.news).toEqual([
      {
        key: question!.id,
        kind: 'answered',
        interventionId: question!.id,
        agentName: 'deploy',
        step: subject.askedBy('deploy'),
        resolution: 'RESPONDED',
        response: settled!.response,
      },
    ]);
    expect(settled).toMatchObject({
      delivery: 'DELIVERED',
      response: { content: 'ja \u{1f600} {{x}}', metadata: { n: 1 } },
    });
    expect((await session(id)).result).toEqual({ deploy: 'ja \u{1f600} {{x}}' });
  });

  test('behaviour 3.1: with several pending, each answer reaches its agent as it comes', async () => {
    await house.worker.start();
    const id = await begin('a', 'b', 'c');
    await until('three questions', async () => (await asked(id)).length === 3);
    const [a, b, c] = await asked(id);
    await answer(b!, 'second');
    await until('b to hear', async () => (await said(id)).includes('b: second'));
    expect((await session(id)).status).toBe('WAITING_FOR_HUMAN');
    await cancelIntervention(house.deps, house.person, a!.id, null);
    await until('a to hear', async () => (await said(id)).includes('a: cancelled'));
    await answer(c!, 'third');
    await reaches(id, 'COMPLETED');
    expect(await said(id)).toEqual(['b: second', 'a: cancelled', 'c: third']);
    expect((await asked(id)).map(({ delivery }) => delivery)).toEqual([
      'DELIVERED',
      'DELIVERED',
      'DELIVERED',
    ]);
  });

  test('behaviour 3.7: after a time-out and a revival, it hears the answer, and what was given up', async () => {
    await house.worker.start();
    const id = await begin('a', 'b');
    await until('two questions', async () => (await asked(id)).length === 2);
    await rested(id);
    database().clock.advance(3 * 3600);
    for (const { id: question } of await asked(id)) await expireIntervention(house.deps, question);
    expect((await session(id)).status).toBe('TIMEOUT');
    await resumeSession(house.deps, house.person, id, { responseType: 'approve', content: 'after all' });
    await reaches(id, 'COMPLETED');
    expect((await said(id)).sort()).toEqual(['a: after all', 'b: given_up']);
  });

  test('what comes while a turn runs is not lost: another turn follows', async () => {
    const id = await begin('a', 'b');
    let once = false;
    watch.hook = async (moment, call, turn) => {
      if (moment !== 'before' || call !== 'say' || once) return;
      once = true;
      const [, b] = await asked(turn.session.id);
      await answer(b!, 'meanwhile');
      // As the job of that answer does, on whichever worker it comes to.
      await beside.worker.driver.drive(id);
    };
    await house.worker.driver.drive(id);
    await rested(id);
    const [a] = await asked(id);
    await answer(a!, 'first');
    await house.worker.driver.drive(id);
    await reaches(id, 'COMPLETED');
    expect(await said(id)).toEqual(['a: first', 'b: meanwhile']);
  });

  test('two workers never have one session at a time', async () => {
    await house.worker.start();
    await beside.worker.start();
    let inside = 0;
    let most = 0;
    watch.hook = (moment, call) => {
      // Within a call of the desk, not beside it.
      if (call === 'run') return;
      inside += moment === 'before' ? 1 : -1;
      most = Math.max(most, inside);
    };
    const id = await begin('a', 'b', 'c', 'd');
    await until('four questions', async () => (await asked(id)).length === 4);
    const questions = await asked(id);
    await Promise.all(
      questions.flatMap((question) => [
        answer(question, question.agentName),
        ...[house, beside].map((each) => each.worker.driver.drive(id)),
      ]),
    );
    await reaches(id, 'COMPLETED');
    expect(most).toBe(1);
    expect((await said(id)).sort()).toEqual(['a: a', 'b: b', 'c: c', 'd: d']);
  });

  test('cancelling the session aborts the turn that runs', async () => {
    await house.worker.start();
    const id = await begin('a');
    await reaches(id, 'WAITING_FOR_HUMAN');
    await rested(id);
    const hung = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<unknown>();
    watch.hook = (moment, call, { signal }) => {
      if (moment !== 'before' || call !== 'say') return;
      hung.resolve();
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted.resolve(signal.reason);
          reject(signal.reason as Error);
        });
      });
    };
    const [question] = await asked(id);
    await answer(question!, 'yes');
    await hung.promise;
    await cancelSession(house.deps, house.person, id, null);
    expect(await aborted.promise).toMatchObject({ name: 'TurnAborted', cause: 'session_over' });
    await until('the worker to let go', () => house.worker.driver.running() === 0);
    expect((await asked(id))[0]!.delivery).toBe('FAILED');
    expect((await session(id)).status).toBe('CANCELLED');
  });

  test('behaviour 1.7: a worker that stops puts its turn back, and another one has it at once', async () => {
    await house.worker.start();
    const id = await begin('a');
    await rested(id);
    let hung = false;
    watch.hook = (moment, call, { signal }) => {
      if (hung || moment !== 'before' || call !== 'say') return;
      hung = true;
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    };
    const [question] = await asked(id);
    await answer(question!, 'yes');
    await until('the turn to hang', () => hung);
    await house.worker.stop(5_000);
    await beside.worker.start();
    await reaches(id, 'COMPLETED');
    const { number } = told()[0]!;
    expect(told()).toMatchObject([
      { number, attempt: 1 },
      { number, attempt: 1 },
    ]);
    expect(await said(id)).toEqual(['a: yes']);
  });

  describe('behaviour 1.8: a worker lost', () => {
    /** The calls that a whole life of two questions makes, each as a place to die before and after. */
    async function placesToDie(): Promise<number> {
      let calls = 0;
      watch.hook = () => void (calls += 1);
      await live(await begin('a', 'b'));
      return calls;
    }
    async function live(id: string): Promise<void> {
      const { driver } = house.worker;
      await driver.drive(id);
      await until('the first turn to be done', async () => {
        await goOn(house, id);
        const drive = await house.deps.prisma.sessionDrive.findUnique({ where: { sessionId: id } });
        return drive !== null && drive.heldUntil === null && drive.turn > 0;
      });
      for (const question of await asked(id)) {
        await answer(question, `for ${question.agentName}`);
        const before = await house.deps.prisma.sessionDrive.findUniqueOrThrow({ where: { sessionId: id } });
        await driver.drive(id);
        await until('the turn to be done', async () => {
          await goOn(house, id);
          const after = await house.deps.prisma.sessionDrive.findUniqueOrThrow({ where: { sessionId: id } });
          return (
            after.heldUntil === null &&
            (after.turn > before.turn || (await session(id)).status === 'COMPLETED')
          );
        });
      }
    }

    /** A turn that was put off, as a busy machine may have it (a schema not checked in time), is run when it is due. */
    async function goOn({ worker }: RunnerHouse, id: string): Promise<void> {
      const drive = await house.deps.prisma.sessionDrive.findUnique({ where: { sessionId: id } });
      if (drive === null || drive.failures === 0 || drive.heldUntil !== null || drive.dueAt === null) return;
      if (drive.dueAt > database().clock.now()) database().clock.set(drive.dueAt);
      await worker.driver.drive(id);
    }

    let lives: Promise<void> = Promise.resolve();
    // A test that is out of time goes on by itself, and would move the clock of the next one: the last life is waited for.
    afterEach(() => lives.catch(() => {}));

    // Some twenty lives, one after the other: on a machine that is busy elsewhere, minutes.
    test('between any two steps: another takes the session up, nothing is done twice, and the lost one can write nothing', {
      timeout: 600_000,
    }, async ({ signal }) => {
      lives = (async () => {
        const places = await placesToDie();
        expect(places).toBeGreaterThan(10);
        for (let place = 0; place < places; place += 1) {
          signal.throwIfAborted();
          await dieAt(place);
        }
      })();
      await lives;
    });

    async function dieAt(place: number): Promise<void> {
      const hung = Promise.withResolvers<void>();
      const wake = Promise.withResolvers<void>();
      let outcome: Promise<unknown> | undefined;
      let seen = 0;
      watch.hook = (moment, call, turn) => {
        if (seen++ !== place) return;
        hung.resolve();
        // Where the worker comes to itself again, it goes on as if nothing had happened: with a write.
        return wake.promise.then(() => {
          outcome = turn.desk.save({ v: 99 }).catch((error: unknown) => error);
          return Promise.reject(new Error(`lost ${moment} ${call}`));
        });
      };
      const id = await begin('a', 'b');
      // Nobody renews its leases: this worker was never started, and so is as good as dead.
      const living = live(id);
      living.catch(() => {});
      // A life that has ended without it has not come to this place: turns that were put off had made the first one longer.
      if (await Promise.race([hung.promise.then(() => false), living.then(() => true)])) return;
      const over = (await session(id)).status === 'COMPLETED';
      database().clock.advance(6);
      await beside.worker.driver.look();
      await until('the other worker to be done', () => beside.worker.driver.running() === 0);
      wake.resolve();
      await until('the lost one to have tried', () => outcome !== undefined);
      // Lost after its very last call, it finds a session that has ended; nobody had to take that one up.
      if (!over) expect(await outcome, `at ${place}`).toBeInstanceOf(LeaseLost);
      else expect(await outcome).toMatchObject({ errors: [{ code: 'INVALID_STATE' }] });
      await until('the lost one to be gone', () => house.worker.driver.running() === 0);
      await living.catch(() => {});
      const open = (await asked(id)).filter(({ status }) => status === 'PENDING');
      for (const question of open) await answer(question, `for ${question.agentName}`);
      await beside.worker.driver.look(true);
      await until('the session to be completed', async () => {
        await goOn(beside, id);
        const { status, failureReason } = await session(id);
        if (status === 'FAILED') throw new Error(`FAILED: ${failureReason}`);
        return status === 'COMPLETED';
      });
      expect((await said(id)).sort()).toEqual(['a: for a', 'b: for b']);
      expect(await asked(id)).toHaveLength(2);
      expect((await asked(id)).map(({ delivery }) => delivery)).toEqual(['DELIVERED', 'DELIVERED']);
      expect((await session(id)).result).toEqual({ a: 'for a', b: 'for b' });
    }
  });

  test('a repeat of what was delivered changes nothing', async () => {
    const id = await begin('a', 'b');
    await house.worker.driver.drive(id);
    await rested(id);
    const [a] = await asked(id);
    await answer(a!, 'once');
    // Everything is done but the turn's end: the news will come again, in the turn that is run again.
    let failed = false;
    watch.hook = (moment, call) => {
      if (failed || moment !== 'after' || call !== 'save') return;
      failed = true;
      throw new Error('cut off at the end');
    };
    await house.worker.driver.drive(id);
    await until(
      'the failure',
      async () =>
        (await house.deps.prisma.sessionDrive.findUniqueOrThrow({ where: { sessionId: id } })).failures === 1,
    );
    await idle(house);
    database().clock.advance(2);
    await house.worker.driver.look();
    await until('the repeat to be done', async () => (await asked(id))[0]!.delivery === 'DELIVERED');
    expect(told().map(({ news, attempt }) => [news.map(({ key }) => key), attempt])).toEqual([
      [[a!.id], 1],
      [[a!.id], 2],
    ]);
    expect(await said(id)).toEqual(['a: once']);
  });

  test('behaviour 8.4: a report that a trigger is about pauses it until a person has answered', async () => {
    await supervise(house, 'confidence_score < 0.7');
    await house.worker.start();
    const id = await house.start(subject.runner.name, subject.reporting());
    await reaches(id, 'WAITING_FOR_HUMAN');
    await rested(id);
    const [question] = await asked(id);
    expect(question).toMatchObject({ agentName: 'worker', trigger: 'confidence_score < 0.7' });
    // A turn for another reason changes nothing of that.
    const { reply } = await requestIntervention(house.deps, house.person, {
      sessionId: id,
      agentName: 'other',
      type: 'DECISION',
      message: 'beside it',
    });
    await answer({ id: reply.interventionId }, 'on');
    await until('another turn', () => watch.turns.length > 1 && house.worker.driver.running() === 0);
    expect(await said(id)).toEqual([]);
    await answer(question!, 'go on');
    await reaches(id, 'COMPLETED');
    expect(await said(id)).toEqual(['worker: went on']);
    expect((await session(id)).result).toBe('done');
    expect((await asked(id)).length).toBe(2);
  });

  test('behaviour 8.4: a report that no trigger is about holds nothing up', async () => {
    await supervise(house, 'confidence_score < 0.5');
    await house.worker.start();
    const id = await house.start(subject.runner.name, subject.reporting());
    await reaches(id, 'COMPLETED');
    expect(await asked(id)).toEqual([]);
    expect(watch.turns).toHaveLength(1);
  });
});

describe('an external session', () => {
  test('behaviour 3.3: is never driven, and its answer waits for the agent to show that it has it', async () => {
    const house = await openHouse({ database: database(), clock: database().clock, runners: [] });
    await house.worker.start();
    const id = await house.start('external');
    const { reply } = await requestIntervention(house.deps, house.person, {
      sessionId: id,
      agentName: 'a',
      type: 'DECISION',
      message: 'May I?',
    });
    await resolveIntervention(house.deps, house.person, reply.interventionId, { resolutionType: 'APPROVE' });
    await house.worker.driver.look(true);
    await house.close();
    expect(await house.deps.prisma.sessionDrive.count({ where: { sessionId: id } })).toBe(0);
    expect(await house.deps.prisma.intervention.findMany({ where: { sessionId: id } })).toMatchObject([
      { delivery: 'PENDING' },
    ]);
  });
});
