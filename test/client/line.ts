import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A line between a client and a server on this machine, which can be torn, and be dead for a while. */
export async function makeLine(port: number) {
  const open = new Set<Socket>();
  let dead = false;
  const server = createServer((client) => {
    if (dead) return void client.resetAndDestroy();
    const upstream = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const tear = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => open.size / 2,
    tear,
    cut() {
      dead = true;
      tear();
    },
    mend() {
      dead = false;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      tear();
      await closed;
    },
  };
}
