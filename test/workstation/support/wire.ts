// The network between browsers and the server: bytes as they come, which a test may hold up, cut off or lose.
import { connect, createServer, type Socket } from 'node:net';

/** Of a request: the server does not get it; it gets it, and has not answered; it has answered, and nobody gets that. */
export type Moment = 'sent' | 'received' | 'answered';

export interface Wire {
  /** What browsers know the server by. */
  url: string;
  /** Cuts off whatever is connected, as a network does. */
  cut(): void;
  /** While it is away, nothing gets through. */
  away(is: boolean): void;
  /** While it is held, nothing comes from the server, and nothing is lost: a reader that is too slow. */
  hold(is: boolean): void;
  /** So many requests that hold this text get through, and their answers are lost on the way back. */
  swallow(text: string, times: number): void;
  /** At this moment of the next request that holds this text does something, once; its answer is lost. Resolves with what was done. */
  once<Done>(text: string, moment: Moment, act: () => Promise<Done>): Promise<Done>;
  stop(): Promise<void>;
}

/** `port`: the server's, asked for with each connection, since one that was started anew has another. */
export async function startWire(port: () => number): Promise<Wire> {
  const open = new Set<Socket>();
  const fars = new Set<Socket>();
  let isAway = false;
  let isHeld = false;
  let lost = { text: '', times: 0 };
  let watched: { text: string; moment: Moment; act: () => void } | null = null;

  const server = createServer((near) => {
    if (isAway) return void near.destroy();
    const far = connect(port(), '127.0.0.1');
    let losing = false;
    let answered = () => {};
    const end = () => {
      near.destroy();
      far.destroy();
      open.delete(near);
      fars.delete(far);
    };
    open.add(near);
    fars.add(far);
    if (isHeld) far.pause();
    for (const side of [near, far]) side.on('error', end).on('close', end);
    near.on('data', (bytes: Buffer) => {
      if (lost.times > 0 && bytes.includes(lost.text)) {
        lost.times -= 1;
        losing = true;
      }
      if (watched === null || !bytes.includes(watched.text)) return void far.write(bytes);
      const { moment, act } = watched;
      watched = null;
      losing = true;
      if (moment === 'answered') answered = act;
      if (moment !== 'sent') far.write(bytes);
      if (moment !== 'answered') act();
      if (moment === 'sent') end();
    });
    far.on('data', (bytes: Buffer) => {
      answered();
      answered = () => {};
      if (losing) end();
      else near.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: own } = server.address() as { port: number };
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${own}`,
    cut,
    away(is) {
      isAway = is;
      if (is) cut();
    },
    hold(is) {
      isHeld = is;
      for (const far of fars) {
        if (is) far.pause();
        else far.resume();
      }
    },
    swallow(text, times) {
      lost = { text, times };
    },
    once: (text, moment, act) =>
      new Promise((resolve, reject) => {
        watched = { text, moment, act: () => void act().then(resolve, reject) };
      }),
    async stop() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
