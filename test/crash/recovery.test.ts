import { afterEach, expect, test } from 'vitest';
import { verifyLog } from '../../src/events/verify.ts';
import { beginRecovery, respond, stopAnew } from '../door/stopped.ts';
import { ADMIN_KEY, type ApiClient } from '../support/app.ts';
import { makePlace } from '../support/place.ts';
import { type ServerProcess, spawnServer } from '../support/server-process.ts';
import { until } from '../support/until.ts';
import { makeProject } from '../support/world.ts';

const servers: ServerProcess[] = [];
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.kill()));
  for (const each of undo.splice(0).reverse()) await each();
});

const STATUS = `query($id: ID!) { emergencyStatus(projectId: $id) { stopped } approvals(filter: {projectId: $id, status: [PENDING]}) { nodes { id } } }`;

/** Killed at once after each approval, at whatever the worker had come to; the next start must take it from there. */
test('an AUTOMATED recovery is finished by the next start, whenever its server was killed (1.8, 7.6)', {
  timeout: 180_000,
}, async () => {
  const place = await makePlace();
  undo.push(place.remove);
  const start = async (): Promise<[ServerProcess, ApiClient]> => {
    const server = spawnServer({ ...place.env, ADMIN_API_KEY: ADMIN_KEY });
    servers.push(server);
    return [server, await server.ready()];
  };
  let [server, api] = await start();
  const world = await makeProject(api, ADMIN_KEY, 'killed');
  const sessionId = await world.session();
  await stopAnew(api, world);
  const id = await beginRecovery(api, world, 'AUTOMATED');
  const steps = 3;
  for (let step = 0; step < steps; step++) {
    let asked: string | undefined;
    await until(`step ${step} is asked for`, async () => {
      const { approvals } = await api.ok(world.keys.VIEWER, STATUS, { id: world.id });
      asked = approvals.nodes[0]?.id;
      return asked !== undefined;
    });
    expect((await respond(api, ADMIN_KEY, asked!)).data.respondToApproval.success).toBe(true);
    await server.kill();
    [server, api] = await start();
  }
  await until(
    'the stop lifts',
    async () => !(await api.ok(world.keys.VIEWER, STATUS, { id: world.id })).emergencyStatus.stopped,
  );
  const { recoverySession, session } = await api.ok(
    world.keys.VIEWER,
    'query($id: ID!, $session: ID!) { recoverySession(id: $id) { status steps { status } } session(id: $session) { status } }',
    { id, session: sessionId },
  );
  expect(recoverySession).toEqual({
    status: 'COMPLETED',
    steps: Array.from({ length: steps }, () => ({ status: 'COMPLETED' })),
  });
  expect(session.status).toBe('ACTIVE');
  await server.kill();

  const database = await place.open();
  const events = [
    ...(await database.prisma.event.findMany({ where: { projectId: world.id } })),
    ...(await database.prisma.unsealedEvent.findMany({ where: { projectId: world.id } })),
  ];
  const done = events.filter(
    ({ type, data }) => type === 'recovery_step_changed' && (data as { to: string }).to === 'COMPLETED',
  );
  expect(done).toHaveLength(steps);
  expect(new Set(done.map(({ data }) => (data as { stepId: string }).stepId)).size).toBe(steps);
  expect(events.filter(({ type }) => type === 'emergency_stop_resolved')).toHaveLength(1);
  expect(await verifyLog(database.prisma)).toMatchObject({ fault: null });
  await database.close();
});
