import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Issuer, openIssuer } from '../identity/issuer.ts';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { makeProject, type TestWorld } from '../support/world.ts';

const database = withDatabase();
let issuer: Issuer;
let app: TestApp;
let world: TestWorld;
let elsewhere: TestWorld;
beforeAll(async () => {
  issuer = await openIssuer(database().clock);
  const env = { OIDC_ISSUER: issuer.issuer, OIDC_AUDIENCE: issuer.config.audience };
  app = await startApp({ database: database(), clock: database().clock, env });
  world = await makeProject(app, ADMIN_KEY, 'subjects');
  elsewhere = await makeProject(app, ADMIN_KEY, 'elsewhere');
});
afterAll(async () => {
  await app.stop();
  await issuer.close();
});

const signIn = async (project: string) =>
  (await app.ok(await issuer.token({ project }), '{ viewer { actor { id } } }')).viewer.actor.id as string;

test('an event’s subject of any kind is shown to subscribers who share an execution (9.3), a person who has left as null', async () => {
  const { events } = await app.ok(world.keys.VIEWER, '{ events(first: 1) { nodes { cursor } } }');
  const after = events.nodes[0].cursor;
  const person = await signIn(world.id);
  await app
    .ok(world.keys.VIEWER, 'query($id: ID!) { node(id: $id) { id } }', { id: person })
    .then(({ node }) => expect(node).toEqual({ id: person }));
  await world.approve(await world.ask());
  await world.task();
  expect(await signIn(elsewhere.id)).toBe(person);
  for (const [of, key] of [
    [world, world.keys.VIEWER],
    [world, world.keys.ADMIN],
    [elsewhere, elsewhere.keys.VIEWER],
    [null, ADMIN_KEY],
  ] as const) {
    const socket = await app.socket(key);
    socket.subscribe(
      's',
      'subscription($after: EventCursor) { events(after: $after) { type subjectId subject { __typename id } } }',
      { after },
    );
    const shown = () => socket.of('s').filter(({ type }) => type === 'next');
    const last = of === world ? 'task_created' : 'user_changed';
    await until(`${last} is shown`, () =>
      shown().some(({ payload }: any) => payload.data?.events.type === last),
    );
    for (const { payload } of shown() as any[]) {
      expect(payload.errors).toBeUndefined();
      const { type, subject, subjectId } = payload.data.events;
      const seen =
        type === 'user_created' || type === 'user_changed'
          ? of !== world
          : !type.startsWith('api_key') || key === world.keys.ADMIN || key === ADMIN_KEY;
      expect(subject?.id ?? null, `${type} to ${of?.name ?? 'everyone'}`).toBe(seen ? subjectId : null);
    }
    socket.socket.close();
  }
});
