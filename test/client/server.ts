import { type Holdpoint, holdpoint, type HoldpointOptions } from '../../src/client/holdpoint.ts';
import { ADMIN_KEY, clientOf, ENCRYPTION_KEYS } from '../support/app.ts';
import { freePort } from '../support/cluster.ts';
import { makePlace } from '../support/place.ts';
import { type ServerProcess, spawnServer } from '../support/server-process.ts';
import { makeProject } from '../support/world.ts';
import { makeLine } from './line.ts';

/** The product in a process of its own, a line to it that can be torn, a project, and clients that go over the line. */
export async function makeServed() {
  const place = await makePlace();
  const port = await freePort();
  const api = clientOf(`http://127.0.0.1:${port}`);
  const line = await makeLine(port);
  let server: ServerProcess;
  const start = async () => {
    server = spawnServer({
      ...place.env,
      ADMIN_API_KEY: ADMIN_KEY,
      ENCRYPTION_KEYS,
      PUBLIC_URL: line.url,
      PORT: String(port),
    });
    await server.ready();
  };
  await start();
  const world = await makeProject(api, ADMIN_KEY, 'client');
  const clients: Holdpoint[] = [];
  return {
    world,
    line,
    api,
    start,
    kill: () => server.kill(),
    client(options: Partial<HoldpointOptions> = {}) {
      const client = holdpoint({ url: line.url, token: world.keys.AGENT, ...options });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.close();
      await server.kill();
      await line.close();
      await place.remove();
    },
  };
}

export type Served = Awaited<ReturnType<typeof makeServed>>;
