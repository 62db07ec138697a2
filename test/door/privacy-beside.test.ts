import { afterAll, beforeAll, expect, test } from 'vitest';
import { openReceiver, type Receiver, SECRET } from '../notifications/receiver.ts';
import { ADMIN_KEY, startApp, type TestApp, type Variables } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { makeProject, roles, type Role, type TestWorld } from '../support/world.ts';
import { respond } from './stopped.ts';

// What is sensitive of what people say about budgets, stops and recoveries, through every door (8.8).

const MAIL = 'grete.hollenbach@nordwind-versand.de';
const MASK = /\[masked:[0-9a-hjkmnp-tv-z]{26}\]/;
const seeing: readonly Role[] = ['AGENT', 'SUPERVISOR', 'MANAGER', 'ADMIN'];

const database = withDatabase();
let app: TestApp;
let world: TestWorld;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await openReceiver();
  app = await startApp({ database: database(), env: { ALLOW_PRIVATE_ADDRESSES: 'yes' } });
  world = await makeProject(app, ADMIN_KEY, 'beside');
});
afterAll(async () => {
  await app.stop();
  await receiver.close();
});

const run = async (role: Role, document: string, variables?: Variables): Promise<any> =>
  Object.values(await app.ok(world.keys[role], document, variables))[0];

async function expectMasked(document: string, variables: Variables, words = MAIL) {
  for (const role of roles) {
    const text = JSON.stringify(await run(role, document, variables));
    expect(text.includes(words), `${role}: ${text}`).toBe(seeing.includes(role));
    expect(MASK.test(text), `${role}: ${text}`).toBe(!seeing.includes(role));
  }
}
const ofApproval = (fields: string) => `query($id: ID!) { approval(id: $id) { ${fields} } }`;
/** The log's newest event of the type, once it is there. */
async function expectTold(type: string, subjectId: string) {
  const document =
    'query($type: String!, $id: ID!) { events(filter: {types: [$type], subjectId: $id}, first: 5) { nodes { data } } }';
  const variables = { type, id: subjectId };
  await until('it is told', async () => (await run('ADMIN', document, variables)).nodes.length > 0);
  await expectMasked(document, variables);
}

test('a budget’s: why more is asked for, and why it is refused (6.5)', async () => {
  const { override } = await run(
    'OPERATOR',
    'mutation($id: ID!, $why: String!) { requestBudgetOverride(input: {projectId: $id, limitType: COST_DAILY, requestedAmount: "5", justification: $why}) { success errors { code } override { id } } }',
    { id: world.id, why: `for ${MAIL}` },
  );
  const { id } = override;
  await expectMasked(ofApproval('... on BudgetOverride { justification }'), { id });
  await respond(app, world.keys.SUPERVISOR, id, { verdict: 'REJECT', reason: `not for ${MAIL}` });
  await expectMasked(ofApproval('rejectionReason'), { id });
  await expectMasked(ofApproval('decisions { reason }'), { id });
  await expectTold('approval_voted', id);
  await expectTold('approval_resolved', id);
});

test('a standing approval’s reasons (5.9)', async () => {
  const { standingApproval } = await run(
    'OPERATOR',
    'mutation($id: ID!, $why: String!) { createStandingApproval(input: {approvalId: $id, maximumUses: 5, maximumCost: "1", expiresAt: "2026-03-03T00:00:00Z", reason: $why}) { success errors { code message } standingApproval { id } } }',
    { id: await world.heldCall(), why: `for ${MAIL}` },
  );
  const { id } = standingApproval;
  await run(
    'OPERATOR',
    'mutation($id: ID!, $why: String) { revokeStandingApproval(id: $id, reason: $why) { success errors { code } } }',
    { id, why: `of ${MAIL}` },
  );
  for (const field of ['reason', 'endReason'])
    await expectMasked(`query($id: ID!) { standingApproval(id: $id) { ${field} } }`, { id });
  await expectTold('standing_approval_created', id);
  await expectTold('standing_approval_revoked', id);
});

test('a stop’s reason and a recovery’s notes and reasons, to subscribers and receivers too (7)', async () => {
  await app.ok(
    world.keys.ADMIN,
    'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success errors { message } } }',
    {
      id: world.teamId,
      yaml: JSON.stringify({
        human_supervision: {
          notifications: {
            channels: [
              { type: 'webhook', events: ['emergency_stop'], webhook_url: receiver.url, secret: SECRET },
            ],
          },
        },
      }),
    },
  );
  const heard = async (role: Role) => {
    const socket = await app.socket(world.keys[role]);
    socket.subscribe('s', 'subscription($id: ID) { emergencyStopUpdates(projectId: $id) { stopReason } }', {
      id: world.id,
    });
    await socket.settled();
    return () =>
      socket.of('s').find(({ type }) => type === 'next')?.payload.data.emergencyStopUpdates.stopReason;
  };
  const [viewer, supervisor] = await Promise.all([heard('VIEWER'), heard('SUPERVISOR')]);
  const call = await world.call();
  await respond(app, world.keys.OPERATOR, call);
  const { emergencyStop } = await run(
    'OPERATOR',
    'mutation($id: ID!, $why: String!) { triggerEmergencyStop(projectId: $id, reason: $why) { success errors { code } emergencyStop { id stopReason } } }',
    { id: world.id, why: `${MAIL} is leaking` },
  );
  // Whoever wrote it sees what everybody of their role does.
  expect(emergencyStop.stopReason).toMatch(MASK);
  await until('both hear of it', () => viewer() !== undefined && supervisor() !== undefined);
  expect(supervisor()).toBe(`${MAIL} is leaking`);
  expect(viewer()).toMatch(MASK);
  await expectMasked('query($id: ID!) { emergencyStatus(projectId: $id) { stop { stopReason } } }', {
    id: world.id,
  });
  await expectMasked('query($id: ID!) { emergencyStops(projectId: $id) { nodes { stopReason } } }', {
    id: world.id,
  });
  await expectMasked('query($id: ID!) { node(id: $id) { ... on EmergencyStop { stopReason } } }', {
    id: emergencyStop.id,
  });
  await expectMasked(ofApproval('rejectionReason'), { id: call });
  await expectTold('emergency_stop_triggered', emergencyStop.id);
  await until('the receiver is told', () => receiver.received.length > 0);
  expect(receiver.received[0]!.text).toMatch(MASK);
  expect(receiver.received[0]!.text).not.toContain(MAIL);

  const initiated = await run(
    'MANAGER',
    'mutation($id: ID!) { initiateRecovery(projectId: $id, recoveryType: MANUAL) { success errors { code } approval { id } recoverySession { id currentStep { id } } } }',
    { id: world.id },
  );
  const { id } = initiated.recoverySession;
  const step = initiated.recoverySession.currentStep.id;
  const recovery = (fields: string) => `query($id: ID!) { recoverySession(id: $id) { ${fields} } }`;
  await expectMasked(recovery('assessment'), { id });
  await respond(app, ADMIN_KEY, initiated.approval.id, { verdict: 'APPROVE', reason: `says ${MAIL}` });
  await expectMasked(ofApproval('decisions { reason }'), { id: initiated.approval.id });
  const execute = (note: string) =>
    run(
      'MANAGER',
      'mutation($id: ID!, $step: ID!, $note: String) { executeRecoveryStep(recoverySessionId: $id, stepId: $step, note: $note) { success message errors { code } approval { id } recoverySession { steps { error result } } } }',
      { id, step, note },
    );
  const asked = (await execute(`I asked ${MAIL}`)).approval.id;
  await expectMasked(ofApproval('... on RecoveryApproval { note }'), { id: asked });
  await respond(app, ADMIN_KEY, asked, { verdict: 'REJECT', reason: `${MAIL} is away` });
  await expectMasked(recovery('steps { error }'), { id });
  await expectMasked(recovery('currentStep { error }'), { id });
  await expectMasked(ofApproval('... on RecoveryApproval { step { error } }'), { id: asked });
  await respond(app, ADMIN_KEY, (await execute(`I asked ${MAIL}`)).approval.id);
  expect(JSON.stringify(await execute(`done with ${MAIL}`))).toContain(`done with ${MAIL}`);
  await expectMasked(recovery('steps { result }'), { id });
  await run(
    'MANAGER',
    'mutation($id: ID!, $why: String) { cancelRecovery(recoverySessionId: $id, reason: $why) { success errors { code } } }',
    { id, why: `${MAIL} takes over` },
  );
  await expectTold('recovery_ended', id);
});
