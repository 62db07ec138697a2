import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cancelIntervention } from '../../src/interventions/cancel.ts';
import { resolveIntervention } from '../../src/interventions/resolve.ts';
import { selectInterventionOption } from '../../src/interventions/select-option.ts';
import { createScriptedRunner } from '../../src/runners/scripted/runner.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openHouse, type RunnerHouse } from './house.ts';

const database = withDatabase();
let house: RunnerHouse;
beforeEach(async () => {
  house = await openHouse({
    database: database(),
    clock: database().clock,
    runners: [createScriptedRunner()],
  });
  await house.worker.start();
});
afterEach(() => house.close());

const play = (scenario: string) => house.start('scripted', { scenario, version: '1.2' });
const session = (id: string) => house.deps.prisma.session.findUniqueOrThrow({ where: { id } });
const reaches = (id: string, status: string) =>
  until(`${id} to be ${status}`, async () => {
    const { status: now, failureReason } = await session(id);
    if (now !== status && (now === 'FAILED' || now === 'COMPLETED'))
      throw new Error(`${now}: ${failureReason}`);
    return now === status;
  });
const asked = (id: string) =>
  house.deps.prisma.intervention.findMany({ where: { sessionId: id }, orderBy: { id: 'asc' } });

describe('a scripted session', () => {
  test('asks, goes on with the branch of the option chosen, and completes with what was answered', async () => {
    const id = await play(`
      steps:
        - task: { id: deploy, agent: ops, type: DEPLOYER, instructions: "Deploy {{context.version}}" }
        - ask:
            id: go
            agent: ops
            message: "May I deploy {{context.version}}?"
            options: [{ id: now, label: Now }, { id: later, label: Later }]
            when:
              - option: now
                steps:
                  - finish: { task: deploy, result: { ok: true } }
                  - say: { agent: ops, input: "{{go.content}}", response: "Deployed." }
              - option: later
                steps: [{ fail: never }]
        - complete: { result: { chosen: "{{go.option.id}}", by: "{{go.respondedBy.name}}" } }`);
    await reaches(id, 'WAITING_FOR_HUMAN');
    const [question] = await asked(id);
    expect(question!.message).toBe('May I deploy 1.2?');
    await selectInterventionOption(house.deps, house.person, question!.id, { optionId: 'now' });
    await reaches(id, 'COMPLETED');
    expect((await session(id)).result).toEqual({ chosen: 'now', by: 'admin' });
    expect((await asked(id))[0]!.delivery).toBe('DELIVERED');
    const { prisma } = house.deps;
    expect(await prisma.task.findMany({ where: { sessionId: id } })).toMatchObject([
      { status: 'COMPLETED', result: { ok: true }, agentType: 'DEPLOYER', instructions: 'Deploy 1.2' },
    ]);
    expect(await prisma.conversationTurn.findMany({ where: { sessionId: id } })).toMatchObject([
      { input: 'Selected option: Now', response: 'Deployed.' },
    ]);
  });

  test('an answer that no branch names fails it, saying which; a default takes it', async () => {
    const ask = (last: string) => `
      steps:
        - ask: { id: go, agent: a, message: May I?, when: [{ is: approved, steps: [] }${last}] }`;
    const strict = await play(ask(''));
    const lenient = await play(ask(', { default: true, steps: [] }'));
    for (const id of [strict, lenient]) {
      await reaches(id, 'WAITING_FOR_HUMAN');
      const [question] = await asked(id);
      await resolveIntervention(house.deps, house.person, question!.id, { resolutionType: 'REJECT' });
    }
    await reaches(strict, 'FAILED');
    await reaches(lenient, 'COMPLETED');
    expect((await session(strict)).failureReason).toBe('the scenario expects no rejected for "go"');
    expect((await asked(strict))[0]!.delivery).toBe('FAILED');
  });

  test('waits by the clock, also side by side with an ask', async () => {
    const id = await play(`
      steps:
        - parallel:
            - [{ wait: 3600 }, { report: { agent: a, type: waited } }]
            - [{ ask: { id: b, agent: b, message: May I?, timeout: 86400 } }]`);
    await reaches(id, 'WAITING_FOR_HUMAN');
    const { prisma } = house.deps;
    await until(
      'the wait to be on record',
      async () => (await prisma.sessionDrive.findUnique({ where: { sessionId: id } }))?.dueAt != null,
    );
    database().clock.advance(3601);
    const reported = () =>
      prisma.unsealedEvent.count({ where: { sessionId: id, type: 'execution_reported' } });
    await until('the report', async () => (await reported()) === 1);
    const [question] = await asked(id);
    await resolveIntervention(house.deps, house.person, question!.id, { resolutionType: 'APPROVE' });
    await reaches(id, 'COMPLETED');
    expect(await reported()).toBe(1);
  });

  test('an ask that nothing waits for lets the rest go on, and holds the completion', async () => {
    const id = await play(`
      steps:
        - ask: { id: a, agent: a, message: Fine?, async: true, when: [{ is: approved, steps: [{ say: { agent: a, response: "{{a.reasoning}}" } }] }] }
        - say: { agent: a, response: meanwhile }
        - complete: { result: done }`);
    await reaches(id, 'WAITING_FOR_HUMAN');
    const said = () =>
      house.deps.prisma.conversationTurn.findMany({ where: { sessionId: id }, orderBy: { id: 'asc' } });
    await until('what is said meanwhile', async () => (await said()).length === 1);
    const [question] = await asked(id);
    await resolveIntervention(house.deps, house.person, question!.id, {
      resolutionType: 'APPROVE',
      reasoning: 'yes',
    });
    await reaches(id, 'COMPLETED');
    expect((await said()).map(({ response }) => response)).toEqual(['meanwhile', 'yes']);
  });

  test('an ask taken back is an outcome of its own', async () => {
    const id = await play(`
      steps:
        - ask: { id: a, agent: a, message: Fine?, when: [{ is: cancelled, steps: [{ complete: { result: "{{a.outcome}}" } }] }] }`);
    await reaches(id, 'WAITING_FOR_HUMAN');
    const [question] = await asked(id);
    await cancelIntervention(house.deps, house.person, question!.id, null);
    await reaches(id, 'COMPLETED');
    expect((await session(id)).result).toBe('cancelled');
  });

  test('a turn that throws is run again after a while, and repeats none of its steps', async () => {
    const id = await play(`
      steps:
        - say: { agent: a, response: once }
        - throw: { message: not yet, times: 2 }
        - complete: {}`);
    await until('two failures', async () => {
      database().clock.advance(2);
      return (await session(id)).status === 'COMPLETED';
    });
    expect(await house.deps.prisma.conversationTurn.count({ where: { sessionId: id } })).toBe(1);
  });

  test('a turn that always throws fails the session with its message, and its news too', async () => {
    const id = await play(`
      steps:
        - ask: { id: a, agent: a, message: Fine? }
        - throw: { message: broken for good }`);
    await reaches(id, 'WAITING_FOR_HUMAN');
    const [question] = await asked(id);
    await resolveIntervention(house.deps, house.person, question!.id, { resolutionType: 'APPROVE' });
    await until('the end', async () => {
      database().clock.advance(4);
      return (await session(id)).status === 'FAILED';
    });
    expect((await session(id)).failureReason).toBe('broken for good');
    expect((await asked(id))[0]!.delivery).toBe('FAILED');
  });
});

describe('a scenario', () => {
  test('is refused with every fault and its path', async () => {
    const scenario = `
      steps:
        - ask: { id: a, message: Fine?, colour: red }
        - say: { agent: a, response: 5 }
          wait: 3
        - finish: { task: nothing }
        - wait: -1`;
    await expect(play(scenario)).rejects.toMatchObject({
      errors: [
        {
          code: 'INVALID_INPUT',
          message: expect.stringContaining('context.scenario.steps.0.ask.agent'),
          path: ['context'],
        },
      ],
    });
    await expect(play(scenario)).rejects.toThrow(
      /steps\.0\.ask.*colour.*steps\.1 must have exactly one of.*steps\.3\.wait/,
    );
    await expect(play('steps: [{ finish: { task: nothing } }]')).rejects.toThrow(
      'speaks of a task "nothing" that it never makes',
    );
    await expect(play('steps: [')).rejects.toThrow('context.scenario');
    await expect(house.start('scripted')).rejects.toThrow('context.scenario is missing');
  });

  test('may also be given as JSON', async () => {
    const id = await house.start('scripted', { scenario: { steps: [{ complete: { result: 1 } }] } });
    await reaches(id, 'COMPLETED');
  });

  test('an unknown runner is refused', async () => {
    await expect(house.start('nobody')).rejects.toMatchObject({
      errors: [{ code: 'INVALID_INPUT', path: ['runner'] }],
    });
  });
});
