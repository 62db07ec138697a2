import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addSeconds } from '../../src/kernel/clock.ts';
import { beginRecovery, respond, stopAnew } from '../door/stopped.ts';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { makeProject, type TestWorld } from '../support/world.ts';

const database = withDatabase();
let app: TestApp;
/** Another replica; on the embedded database there is none, and the same stands in. */
let other: TestApp;
let world: TestWorld;
beforeAll(async () => {
  app = await startApp({ database: database() });
  other = onPostgres ? await startApp({ database: await database().replica() }) : app;
});
afterAll(async () => {
  if (other !== app) await other.stop();
  await app.stop();
});
let made = 0;
beforeEach(async () => {
  world = await makeProject(app, ADMIN_KEY, `recovering ${made++}`);
});

const STATUS = `query($id: ID!) { emergencyStatus(projectId: $id) { stopped stop { id resolvedAt recoverySession { id } }
  recovery { id status recoveryType stepsCompleted totalSteps completedAt initiatedBy { role } assessment
    currentStep { id action status } steps { id title description action parameters status result error }
    emergencyStop { id } } } }`;
const status = async (api = app) =>
  (await api.ok(world.keys.VIEWER, STATUS, { id: world.id })).emergencyStatus;

const EXECUTE = `mutation($id: ID!, $step: ID!, $note: String) { executeRecoveryStep(recoverySessionId: $id, stepId: $step, note: $note) {
  success message errors { code path } recoverySession { id status } approval { id kind status step { id action } recoverySession { id } } } }`;
const execute = async (id: string, step: string, note?: string, api = app) =>
  (await api.graphql(world.keys.MANAGER, EXECUTE, { id, step, note })).data.executeRecoveryStep;

const pending = async (api = app): Promise<string | null> =>
  (
    await api.ok(
      world.keys.VIEWER,
      'query($id: ID!) { approvals(filter: {projectId: $id, status: [PENDING], kind: [RECOVERY_STEP]}) { nodes { id } } }',
      { id: world.id },
    )
  ).approvals.nodes[0]?.id ?? null;

/** So many dollars of the day's hundred are gone. */
async function spend(dailyCostUsed: string): Promise<void> {
  const { prisma, clock } = database();
  const [now, later] = [clock.now(), addSeconds(clock.now(), 86_400)];
  await prisma.budget.upsert({
    where: { projectId: world.id },
    update: { dailyCostUsed },
    create: {
      id: world.id.replace('project', 'budget'),
      projectId: world.id,
      dailyTokenLimit: 100_000,
      monthlyTokenLimit: 2_000_000,
      dailyCostLimit: '100',
      monthlyCostLimit: '2000',
      dailyCostUsed,
      dayStart: now,
      dayEnd: later,
      monthStart: now,
      monthEnd: later,
      updatedAt: now,
    },
  });
}

describe('a recovery through the API', () => {
  it('is shown with its stop, its approvals and as a node', async () => {
    await world.ask();
    await stopAnew(app, world);
    const { data } = await app.graphql(
      world.keys.MANAGER,
      `mutation($id: ID!) { initiateRecovery(projectId: $id, recoveryType: GUIDED) { success errors { code }
        recoverySession { id status } approval { id kind requiredRole requestedBy { role } step { id } recoverySession { id } } } }`,
      { id: world.id },
    );
    const { recoverySession, approval } = data.initiateRecovery;
    expect(approval).toMatchObject({
      kind: 'RECOVERY_PLAN',
      requiredRole: 'MANAGER',
      requestedBy: { role: 'MANAGER' },
      step: null,
      recoverySession: { id: recoverySession.id },
    });
    expect(await status()).toMatchObject({
      stopped: true,
      stop: { recoverySession: { id: recoverySession.id } },
      recovery: {
        id: recoverySession.id,
        status: 'WAITING_APPROVAL',
        recoveryType: 'GUIDED',
        stepsCompleted: 0,
        totalSteps: 3,
        completedAt: null,
        initiatedBy: { role: 'MANAGER' },
        assessment: { halted: { sessions: { count: 1 } } },
        currentStep: { action: 'verify_cause', status: 'PENDING' },
        steps: [{ parameters: { condition: 'MANUAL_STOP' } }, {}, {}],
      },
    });
    const { node } = await app.ok(world.keys.VIEWER, 'query($id: ID!) { node(id: $id) { __typename id } }', {
      id: recoverySession.id,
    });
    expect(node).toEqual({ __typename: 'RecoverySession', id: recoverySession.id });
  });

  it('GUIDED: asks and runs step by step to the lift', async () => {
    const sessionId = await world.session();
    await stopAnew(app, world);
    const id = await beginRecovery(app, world);
    for (let { recovery } = await status(); recovery?.currentStep; { recovery } = await status()) {
      const step: string = recovery.currentStep.id;
      const asked = await execute(id, step);
      expect(asked).toMatchObject({
        success: true,
        message: 'approval asked',
        approval: { kind: 'RECOVERY_STEP', step: { id: step } },
      });
      await respond(app, ADMIN_KEY, asked.approval.id);
      expect(await execute(id, step)).toMatchObject({
        success: true,
        message: 'step executed',
        approval: null,
      });
    }
    expect(await status()).toMatchObject({ stopped: false, stop: null, recovery: null });
    const { session } = await app.ok(world.keys.VIEWER, 'query($id: ID!) { session(id: $id) { status } }', {
      id: sessionId,
    });
    expect(session.status).toBe('ACTIVE');
  });

  it('says in its payload why not, and shows the recovery as it stands', async () => {
    await stopAnew(app, world);
    const id = await beginRecovery(app, world, 'MANUAL');
    const { recovery } = await status();
    expect(await execute(id, recovery.steps[1].id)).toMatchObject({
      success: false,
      errors: [{ code: 'INVALID_STATE' }],
      recoverySession: { id, status: 'IN_PROGRESS' },
    });
    expect(await execute(id, recovery.steps[0].id)).toMatchObject({
      errors: [{ code: 'REASON_REQUIRED', path: ['note'] }],
    });
    expect(await execute(id, recovery.steps[0].id, 'x'.repeat(20_001))).toMatchObject({
      errors: [{ code: 'INVALID_INPUT', path: ['note'] }],
    });
    const asked = await execute(id, recovery.steps[0].id, 'about to look');
    const { approval } = await app.ok(
      world.keys.MANAGER,
      'query($id: ID!) { approval(id: $id) { ... on RecoveryApproval { note } } }',
      { id: asked.approval.id },
    );
    expect(approval).toEqual({ note: 'about to look' });
    expect(await execute(id, 'step_nowhere', 'x')).toMatchObject({
      errors: [{ code: 'NOT_FOUND', path: ['stepId'] }],
    });
  });

  it('refuses changes of a plan by the path of each fault (7.5)', async () => {
    await stopAnew(app, world);
    const { data } = await app.graphql(
      world.keys.MANAGER,
      'mutation($id: ID!) { initiateRecovery(projectId: $id, recoveryType: GUIDED) { approval { id } } }',
      { id: world.id },
    );
    const answer = await respond(app, ADMIN_KEY, data.initiateRecovery.approval.id, {
      verdict: 'APPROVE',
      modifications: { skip: ['x'], tasks: { y: 'ABANDON' } },
    });
    expect(answer.data.respondToApproval).toMatchObject({
      success: false,
      errors: [
        { code: 'INVALID_INPUT', path: ['response', 'modifications', 'skip', '0'] },
        { code: 'INVALID_INPUT', path: ['response', 'modifications', 'tasks', 'y'] },
      ],
    });
  });

  it('says what a failing step fails of, which is no refusal', async () => {
    await stopAnew(app, world);
    await spend('999');
    const id = await beginRecovery(app, world);
    const { recovery } = await status();
    for (const { id: step } of recovery.steps) {
      const asked = await execute(id, step);
      await respond(app, ADMIN_KEY, asked.approval.id);
      const ran = await execute(id, step);
      if (ran.recoverySession.status !== 'FAILED') continue;
      expect(ran).toMatchObject({ success: true, message: expect.stringContaining('past 150 %') });
    }
    expect((await status()).recovery).toMatchObject({
      status: 'FAILED',
      currentStep: { action: 'lift_stop', status: 'FAILED' },
    });
  });
});

describe('AUTOMATED, by the queue and its workers', () => {
  it('runs each step as it is approved, on whichever replica, and whoever follows the stop is told', async () => {
    await world.session();
    await stopAnew(app, world);
    const socket = await other.socket(world.keys.VIEWER);
    socket.subscribe(
      's',
      'subscription($id: ID!) { emergencyStopUpdates(projectId: $id) { resolvedAt recoverySession { status stepsCompleted currentStep { status } } } }',
      { id: world.id },
    );
    await socket.settled();
    await beginRecovery(app, world, 'AUTOMATED');
    for (let done = 0; done < 3; done++) {
      let asked: string | null = null;
      await until(
        'the next step is asked for',
        async () => (asked = await pending(done % 2 === 0 ? app : other)) !== null,
      );
      await respond(done % 2 === 0 ? other : app, ADMIN_KEY, asked!);
      await until('the step is run', async () => {
        const { recovery, stopped } = await status(other);
        return !stopped || recovery.stepsCompleted > done;
      });
    }
    expect(await status(other)).toMatchObject({ stopped: false });
    const seen = () => socket.of('s').map(({ payload }) => payload.data.emergencyStopUpdates);
    await socket.until(() =>
      seen().some(({ resolvedAt }: { resolvedAt: string | null }) => resolvedAt !== null),
    );
    expect(seen().map((each: any) => each.recoverySession?.status)).toEqual(
      expect.arrayContaining(['WAITING_APPROVAL', 'IN_PROGRESS', 'COMPLETED']),
    );
    socket.socket.close();
  });
});

describe('two replicas at once', () => {
  it.runIf(onPostgres)(
    'initiate one recovery, ask for a step once, run it once, and approve against cancel once',
    async () => {
      await stopAnew(app, world);
      const INITIATE =
        'mutation($id: ID!) { initiateRecovery(projectId: $id, recoveryType: GUIDED) { success errors { code } approval { id } recoverySession { id } } }';
      const begun = await Promise.all(
        [app, other, app, other].map((api) => api.graphql(world.keys.MANAGER, INITIATE, { id: world.id })),
      );
      const won = begun.filter(({ data }) => data.initiateRecovery.success);
      expect(won).toHaveLength(1);
      const { approval, recoverySession } = won[0]!.data.initiateRecovery;
      await respond(other, ADMIN_KEY, approval.id);
      const step = (await status()).recovery.currentStep.id as string;
      const asked = await Promise.all(
        [app, other, app, other].map((api) => execute(recoverySession.id, step, undefined, api)),
      );
      expect(new Set(asked.map((each) => each.approval.id)).size).toBe(1);
      await respond(app, ADMIN_KEY, asked[0].approval.id);
      await Promise.all(
        [app, other, app, other].map((api) => execute(recoverySession.id, step, undefined, api)),
      );
      const { prisma } = database();
      const changes = async () => {
        const where = { subjectId: recoverySession.id, type: 'recovery_step_changed' };
        const [sealed, unsealed] = await Promise.all([
          prisma.event.findMany({ where }),
          prisma.unsealedEvent.findMany({ where }),
        ]);
        return [...sealed, ...unsealed].map(({ data }) => (data as { to: string }).to).sort();
      };
      expect(await changes()).toEqual(['APPROVED', 'COMPLETED', 'RUNNING', 'WAITING_APPROVAL']);

      const next = (await status()).recovery.currentStep.id as string;
      const question = (await execute(recoverySession.id, next)).approval.id as string;
      const cancel = other.graphql(
        world.keys.MANAGER,
        'mutation($id: ID!) { cancelRecovery(recoverySessionId: $id) { success errors { code } } }',
        { id: recoverySession.id },
      );
      await Promise.all([respond(app, ADMIN_KEY, question), cancel]);
      expect((await status()).recovery).toMatchObject({ status: 'CANCELLED' });
      expect((await status()).stopped).toBe(true);
    },
  );
});
