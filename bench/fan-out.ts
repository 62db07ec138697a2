/*
 * Fan-out: one process serves, a second one holds the subscribers (bare sockets that count frames, so that the figures
 * are the server's). `node bench/fan-out.ts [subscribers] [events a second] [seconds]`
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { defaultLimits } from '../src/graphql/limits.ts';
import { createSharedSource } from '../src/graphql/shared-source.ts';
import { systemClock } from '../src/kernel/clock.ts';
import { createLog } from '../src/kernel/log.ts';
import { createServer, defaultTimes } from '../src/server/http.ts';
import { createMetrics } from '../src/server/metrics.ts';

const QUERY = 'subscription{events{at kind session agent detail}}';
/** Of so many subscribers one measures each of its events; all of them count. */
const SAMPLED = 25;

const isClient = process.send !== undefined && process.argv[2] === 'client';
if (isClient) subscribe(Number(process.argv[3]), Number(process.argv[4]));
else await main();

type Report = { live: number } | { received: number; latencies: number[]; cpu: number };

async function main(): Promise<void> {
  const [subscribers = 1_000, rate = 200, seconds = 10] = process.argv.slice(2).map(Number);
  await sustained(subscribers, rate, seconds);
  await burst(5_000);
}

async function sustained(subscribers: number, rate: number, seconds: number): Promise<void> {
  const bench = await start(subscribers);
  for (let n = 0; n < rate; n++) {
    bench.publish(n);
    await new Promise((resolve) => setTimeout(resolve, 1_000 / rate));
  }
  const warm = await bench.received(rate * subscribers);
  const cpu = process.cpuUsage();
  const started = performance.now();
  const total = rate * seconds;
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - started) / 1_000) * rate));
    while (sent < due) bench.publish(sent++);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const published = performance.now() - started;
  const { received, latencies, cpu: clientCpu } = await bench.received(total * subscribers);
  const took = performance.now() - started;
  const used = process.cpuUsage(cpu);
  console.log(
    `${subscribers} subscribers: ${total} events in ${(published / 1_000).toFixed(1)} s, all delivered after ${(took / 1_000).toFixed(1)} s = ` +
      `${(total / (took / 1_000)).toFixed(0)} events/s; latency p50 ${at(latencies, 0.5)} ms, p99 ${at(latencies, 0.99)} ms, max ${at(latencies, 1)} ms; ` +
      `${received} of ${total * subscribers} frames; server CPU ${(((used.user + used.system) / 1_000 / took) * 100).toFixed(0)} % of a core, subscribers' ${((clientCpu - warm.cpu) / 10 / took).toFixed(0)} %`,
  );
  await bench.stop();
}

async function burst(subscribers: number): Promise<void> {
  const before = memory();
  const bench = await start(subscribers);
  const each = (memory() - before) / subscribers / 1_024;
  for (let n = 0; n < 5; n++) {
    bench.publish(n);
    const { latencies } = await bench.received(subscribers);
    console.log(
      `one event to ${subscribers}: last (of those sampled) after ${at(latencies, 1)} ms, p50 ${at(latencies, 0.5)} ms`,
    );
  }
  console.log(`memory: ${each.toFixed(1)} kB a subscriber (resident, heap not compacted)`);
  await bench.stop();
}

function memory(): number {
  return process.memoryUsage().rss;
}

function at(sorted: number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(1);
}

async function start(subscribers: number) {
  const listeners = new Set<(payload: unknown, position: bigint) => void>();
  let position = 0n;
  const server = createServer({
    settings: {
      host: '127.0.0.1',
      port: 0,
      publicUrl: null,
      corsOrigins: [],
      hosts: [],
      production: true,
      metricsToken: null,
      limits: defaultLimits,
      ...defaultTimes,
    },
    clock: systemClock,
    log: createLog('error'),
    schema: schema((deliver) => {
      listeners.add(deliver);
      return () => void listeners.delete(deliver);
    }),
    metrics: createMetrics(),
    authenticate: async (authorization) => ({
      role: 'VIEWER',
      projectId: 'p',
      credentialId: authorization ?? '',
      expiresAt: null,
    }),
    onRevoked: () => () => {},
    context: (viewer) => ({ viewer }),
    checks: {},
  });
  const { port } = await server.listen();
  const child: ChildProcess = fork(import.meta.filename, ['client', String(port), String(subscribers)]);
  const report = async () => ((await once(child, 'message')) as [Report])[0];
  await report();
  return {
    publish(n: number) {
      const payload = {
        at: String(process.hrtime.bigint()),
        kind: 'intervention_resolved',
        session: `session_${n}`,
        agent: 'planner',
        detail: 'd'.repeat(200),
      };
      for (const deliver of listeners) deliver(payload, ++position);
    },
    async received(expected: number) {
      child.send({ expected });
      const got = (await report()) as { received: number; latencies: number[]; cpu: number };
      return { ...got, latencies: got.latencies.sort((a, b) => a - b) };
    },
    async stop() {
      child.kill();
      await once(child, 'exit');
      await server.stop();
    },
  };
}

function schema(
  attach: (deliver: (payload: unknown, position: bigint) => void) => () => void,
): GraphQLSchema {
  const text = { type: new GraphQLNonNull(GraphQLString) };
  const event = new GraphQLObjectType({
    name: 'Event',
    fields: { at: text, kind: text, session: text, agent: text, detail: text },
  });
  const source = () => createSharedSource({ key: 'events', attach });
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { hello: text } }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: { events: { type: event, subscribe: source, resolve: (payload) => payload } },
    }),
  });
}

/** The other process: opens the sockets, counts frames, measures on a sample of them. */
function subscribe(port: number, count: number): void {
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
        const from = text.indexOf('"at":"') + 6;
        const sent = BigInt(text.toString('latin1', from, text.indexOf('"', from)));
        latencies.push(Number(process.hrtime.bigint() - sent) / 1e6);
      }
    } else if (kind === 0x70 && ++acknowledged === count) process.send!({ live: count });
  };
  for (let n = 0; n < count; n++) setTimeout(() => open(port, n, arrived, check), n / 2);
}

function open(
  port: number,
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
      send({ type: 'connection_init', payload: { authorization: `Bearer ${n % 20}` } });
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
