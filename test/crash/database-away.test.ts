import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCluster, type Cluster } from '../support/cluster.ts';
import { ADMIN_KEY, ENCRYPTION_KEYS } from '../support/app.ts';
import { onPostgres } from '../support/database.ts';
import { type ServerProcess, spawnServer } from '../support/server-process.ts';
import { until } from '../support/until.ts';
import { makeProject } from '../support/world.ts';

let cluster: Cluster | null = null;
let server: ServerProcess | null = null;
beforeAll(async () => {
  if (!onPostgres) return;
  cluster = await createCluster();
  await cluster?.start();
});
afterAll(async () => {
  await server?.kill();
  await cluster?.remove();
});

test.runIf(onPostgres)(
  'PostgreSQL goes away and comes back: clear refusals, 503, then all as before without a restart',
  { timeout: 60_000 },
  async (context) => {
    if (cluster === null) {
      console.warn('SKIPPED: no PostgreSQL programs (initdb, pg_ctl) to make a server of its own from');
      return context.skip();
    }
    server = spawnServer({ DATABASE_URL: cluster.url, ADMIN_API_KEY: ADMIN_KEY, ENCRYPTION_KEYS });
    const api = await server.ready();
    const project = await makeProject(api, ADMIN_KEY, 'away');
    const { VIEWER, OPERATOR } = project.keys;
    const socket = await api.socket(VIEWER);
    socket.subscribe('changes', 'subscription { interventionUpdates { id } }');
    socket.subscribe(
      'events',
      'subscription { events(filter: {types: ["intervention_requested"]}) { subjectId } }',
    );
    socket.subscribe('status', 'subscription { teamStatusUpdates { pendingInterventions } }');
    await socket.settled();
    const before = await project.ask();
    const pending = () => socket.of('status').at(-1)?.payload?.data?.teamStatusUpdates.pendingInterventions;
    const saw = (id: string) =>
      JSON.stringify(socket.of('changes')).includes(id) && JSON.stringify(socket.of('events')).includes(id);
    await socket.until(() => saw(before) && socket.of('status').length > 0);

    const keys = async () => (await fetch(`${api.url}/.well-known/jwks.json`)).text();
    const published = await keys();

    for (let round = 0; round < 2; round++) {
      await cluster.stop();
      const ready = await fetch(`${api.url}/readyz`);
      expect(ready.status).toBe(503);
      expect(Object.keys(((await ready.json()) as { failing: object }).failing)).toContain('database');
      expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
      // Tools go on checking permits meanwhile.
      expect(await keys()).toBe(published);
      for (const [key, query] of [
        [VIEWER, '{ projects { id } }'],
        [
          OPERATOR,
          `mutation { resolveIntervention(id: "${before}", resolution: {resolutionType: APPROVE}) { success } }`,
        ],
        ['hp_unknown', '{ viewer { roles } }'],
      ] as const) {
        const { errors } = await api.graphql(key, query);
        expect(errors).toMatchObject([{ extensions: { code: 'SERVICE_UNAVAILABLE' } }]);
        expect(errors![0]!.message).not.toMatch(/127\.0\.0\.1|ECONN|postgres/);
      }
      await cluster.start();
      await until('ready again', async () => (await fetch(`${api.url}/readyz`)).ok);
      const after = await project.ask();
      await socket.until(() => saw(after) && pending() === round + 2);
      expect(socket.messages.filter(({ type }) => type === 'error')).toEqual([]);
    }
    expect((await project.approve(before)).sessionResumed).toBe(true);
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  },
);
