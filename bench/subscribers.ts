/*
 * The subscribers of the bench, in a process of their own: bare sockets that count frames, so that the figures are the
 * server's and not those of a client library. Started by fork with: port, keys (joined by commas), number of sockets.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

const QUERY =
  'subscription { interventionUpdates { id type status urgency agentName message createdAt expiresAt humanResponse { reasoning } } }';
/** Of so many subscribers one measures each of its frames; all of them count. */
const SAMPLED = 25;

/** What the process says: once when all are live, then for each `expected` once that many frames have come. */
export type Report = { live: number } | { received: number; latencies: number[]; cpu: number };

const [port, keys, count] = process.argv.slice(2);
subscribe(Number(port), keys!.split(','), Number(count));

/** Opens the sockets, counts frames, measures on a sample of them. */
function subscribe(port: number, keys: string[], count: number): void {
  let acknowledged = 0;
  let received = 0;
  let expected = Infinity;
  let latencies: number[] = [];
  const check = () => {
    if (received < expected) return;
    const cpu = process.cpuUsage();
    process.send!({ received, latencies, cpu: cpu.user + cpu.system });
    received -= expected;
    expected = Infinity;
    latencies = [];
  };
  process.on('message', (message: { expected: number }) => {
    expected = message.expected;
    check();
  });
  const arrived = (text: Buffer, sampled: boolean) => {
    const kind = text[text.indexOf('"type":"') + 8];
    // next, or pong: the subscription before the ping is live.
    if (kind === 0x6e) {
      received++;
      if (sampled) {
        // When it was sent stands in the text that was asked, or in the reasoning of the answer.
        const from = text.lastIndexOf('at:') + 3;
        const sent = BigInt(text.toString('latin1', from, text.indexOf('"', from)));
        latencies.push(Number(process.hrtime.bigint() - sent) / 1e6);
      }
    } else if (kind === 0x70 && ++acknowledged === count) process.send!({ live: count });
  };
  for (let n = 0; n < count; n++)
    setTimeout(() => open(port, keys[n % keys.length]!, n, arrived, check), n / 2);
}

function open(
  port: number,
  secret: string,
  n: number,
  arrived: (text: Buffer, sampled: boolean) => void,
  check: () => void,
): void {
  const socket = connect(port, '127.0.0.1');
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
  );
  let rest: Buffer = Buffer.alloc(0);
  let upgraded = false;
  let subscribed = false;
  const send = (message: object) => socket.write(frame(0x81, Buffer.from(JSON.stringify(message))));
  socket.on('data', (chunk) => {
    let data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    if (!upgraded) {
      const end = data.indexOf('\r\n\r\n');
      if (end < 0) return void (rest = data);
      upgraded = true;
      data = data.subarray(end + 4);
      send({ type: 'connection_init', payload: { authorization: `Bearer ${secret}` } });
    }
    for (;;) {
      if (data.length < 2) break;
      let length = data[1]! & 0x7f;
      let start = 2;
      if (length === 126) {
        if (data.length < 4) break;
        length = data.readUInt16BE(2);
        start = 4;
      }
      if (data.length < start + length) break;
      const body = data.subarray(start, start + length);
      if (data[0] === 0x89) socket.write(frame(0x8a, body));
      else if (!subscribed) {
        // The acknowledgement is the first message.
        subscribed = true;
        send({ id: randomBytes(16).toString('hex'), type: 'subscribe', payload: { query: QUERY } });
        send({ type: 'ping' });
      } else arrived(body, n % SAMPLED === 0);
      data = data.subarray(start + length);
    }
    rest = data;
    check();
  });
}

/** A client's frame is masked; a mask of zeros leaves the text as it is. */
function frame(opcode: number, body: Buffer): Buffer {
  const head =
    body.length < 126
      ? Buffer.from([opcode, 0x80 | body.length])
      : Buffer.from([opcode, 0x80 | 126, body.length >> 8, body.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), body]);
}
