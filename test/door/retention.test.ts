import { expect, test } from 'vitest';
import { ADMIN_KEY, startApp } from '../support/app.ts';
import { testClock } from '../support/clock.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { makeProject } from '../support/world.ts';

const database = withDatabase();
const EVENTS =
  'query ($after: String) { events(after: $after, first: 100) { edges { cursor node { type data } } } }';

test('behaviour 9.1, 9.2: the server prunes what is older than 90 days; who comes with a cursor from before is told', async () => {
  const clock = testClock();
  const app = await startApp({ database: database(), clock });
  try {
    const world = await makeProject(app, ADMIN_KEY, 'old');
    await world.ask();
    const key = world.keys.AGENT;
    const list = async (after: string | null = null) => (await app.graphql(key, EVENTS, { after })) as any;
    let first: string | undefined;
    await until('the request to be in the log', async () => {
      const { edges } = (await list()).data.events;
      first = edges[0]?.cursor;
      return edges.some(({ node }: any) => node.type === 'intervention_requested');
    });
    clock.advance(91 * 24 * 3600);
    await until('the log to begin behind it', async () => {
      const types = (await list()).data.events.edges.map(({ node }: any) => node.type);
      return !types.includes('project_created') && types.includes('events_pruned');
    });
    expect((await list(first)).errors).toMatchObject([
      {
        message: expect.stringContaining('older than the events that are kept'),
        extensions: { code: 'BAD_USER_INPUT' },
      },
    ]);
  } finally {
    await app.stop();
  }
});
