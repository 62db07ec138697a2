import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { createSlackActions } from '../../src/server/slack-actions.ts';
import { tell } from '../../src/slack/tell.ts';
import { faultOfSignature } from '../../src/slack/signature.ts';
import { SIGNING_SECRET, signed } from '../notifications/slack-api.ts';
import { startApp } from '../support/app.ts';
import { testClock } from '../support/clock.ts';
import { silent } from '../support/database.ts';
import { until } from '../support/until.ts';
import { withSlack } from './support.ts';

// What comes in at POST /slack/actions and is not Slack's, or not now.

const slack = withSlack();
const { scene, database, configure, person, intervention } = slack;
const options = [{ id: 'yes', label: 'Yes', description: '', value: 'yes' }];
const scenario = async () => {
  await configure();
  const id = await scene.world.ask({ options });
  const written = await slack.message(id);
  const ada = await person('OPERATOR');
  const body = slack.body(ada.slackUserId, written, slack.buttons(written)[0]);
  return { id, body, written, ada };
};

describe('a signature (8.7)', () => {
  const now = new Date('2026-03-02T09:00:00.000Z');
  const of = (headers: Record<string, string>) => ({
    timestamp: headers['x-slack-request-timestamp'],
    signature: headers['x-slack-signature'],
  });
  const at = (seconds: number) => new Date(now.getTime() + seconds * 1000);
  const good = of(signed('a=b', now));

  test.each([
    ['as Slack makes it', good, 'a=b', null],
    ['five minutes old', of(signed('a=b', at(-300))), 'a=b', null],
    ['older', of(signed('a=b', at(-301))), 'a=b', 'it is too old'],
    ['ahead of this clock', of(signed('a=b', at(301))), 'a=b', 'it is too old'],
    ['over another body', good, 'a=c', 'its signature is wrong'],
    ['over a body with a byte more', good, 'a=b\n', 'its signature is wrong'],
    ['by another secret', of(signed('a=b', now, 'f'.repeat(32))), 'a=b', 'its signature is wrong'],
    [
      'over another time',
      { ...good, timestamp: String(Number(good.timestamp) + 1) },
      'a=b',
      'its signature is wrong',
    ],
    [
      'of another version',
      { ...good, signature: good.signature!.replace('v0', 'v1') },
      'a=b',
      'it is not signed',
    ],
    ['cut', { ...good, signature: good.signature!.slice(0, -1) }, 'a=b', 'it is not signed'],
    ['left out', { ...good, signature: undefined }, 'a=b', 'it is not signed'],
    ['without a time', { ...good, timestamp: undefined }, 'a=b', 'it names no time'],
    ['with a time that is none', { ...good, timestamp: '1e9' }, 'a=b', 'it names no time'],
  ])('%s', (_, headers, body, fault) => {
    expect(faultOfSignature(SIGNING_SECRET, headers, body, now)).toBe(fault);
  });

  test('is the one of Slack’s own example', () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const headers = {
      timestamp: '1531420618',
      signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    };
    const then = new Date(1531420618 * 1000);
    expect(faultOfSignature('8f742231b10e8888abcd99yyyzzz85a5', headers, body, then)).toBeNull();
  });
});

describe('the door of Slack (8.7, 10.5)', () => {
  test('refuses what is forged, changed or stale, and nothing is decided', async () => {
    const { id, body } = await scenario();
    const now = database().clock.now();
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const { 'x-slack-signature': _, ...unsigned } = signed(body, now);
    for (const headers of [
      form,
      unsigned,
      signed(body, now, 'f'.repeat(32)),
      signed(`${body}&x=1`, now),
      signed(body, new Date(now.getTime() - 301_000)),
    ]) {
      const response = await slack.send(body, headers);
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    }
    expect(await intervention(id)).toMatchObject({ status: 'PENDING', response: null });
    expect(scene.slack.to('response')).toEqual([]);
  });

  test('acts on one request once, however often it comes, also all at once', async () => {
    const { id, body } = await scenario();
    const headers = signed(body, database().clock.now());
    const answers = await Promise.all(Array.from({ length: 5 }, () => slack.send(body, headers)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['', '', '', '', '']);
    expect((await intervention(id)).status).toBe('RESOLVED');
    await until('whoever clicked is told', () => scene.slack.to('response').length > 0);
    expect((await slack.send(body, headers)).status).toBe(200);
    database().clock.advance(301);
    expect((await slack.send(body, headers)).status).toBe(401);
    expect(scene.slack.to('response')).toHaveLength(1);
  });

  test('takes a form by POST alone, of bounded size, from no page, and only with a payload', async () => {
    const url = `${scene.app.url}/slack/actions`;
    const now = database().clock.now();
    const post = (body: string, headers: Record<string, string>) =>
      fetch(url, { method: 'POST', body, headers }).then(({ status }) => status);
    expect((await fetch(url)).status).toBe(405);
    expect(await post('{}', { ...signed('{}', now), 'content-type': 'application/json' })).toBe(415);
    const large = `payload=${'x'.repeat(1_100_000)}`;
    expect(await post(large, signed(large, now))).toBe(413);
    expect(await post('a=b', { ...signed('a=b', now), origin: 'https://evil.example' })).toBe(403);
    for (const body of ['a=b', 'payload=', 'payload=%7B', ''])
      expect(await post(body, signed(body, now))).toBe(400);
    for (const payload of [
      '{}',
      '[]',
      'null',
      '{"type":"view_submission"}',
      '{"type":"block_actions","actions":[]}',
    ]) {
      const body = new URLSearchParams({ payload }).toString();
      expect(await post(body, signed(body, now))).toBe(200);
    }
  });

  test('is not there without SLACK_SIGNING_SECRET', async () => {
    const quiet = await startApp({ database: database(), clock: database().clock });
    const body = 'payload=%7B%7D';
    const response = await fetch(`${quiet.url}/slack/actions`, {
      method: 'POST',
      headers: signed(body, database().clock.now()),
      body,
    });
    expect(response.status).toBe(404);
    await quiet.stop();
  });

  test('answers although whoever clicked cannot be told, and says so by the message', async () => {
    const { id, body, written } = await scenario();
    scene.slack.instead = ({ method }, response) => {
      if (method !== 'response') return false;
      response.destroy();
      return true;
    };
    expect((await slack.send(body)).status).toBe(200);
    expect((await intervention(id)).status).toBe('RESOLVED');
    await until('the message is edited', () => slack.edits(written).length === 1);
  });
});

describe('the door, with a verb of one’s own behind it (8.7)', () => {
  const click = {
    type: 'block_actions',
    user: { id: 'U0ADA', team_id: 'T0HOLDPOINT' },
    container: { channel_id: 'C0', message_ts: '1.1' },
    actions: [{ action_id: 'choose_0', value: '{"delivery":"d","option":"o"}' }],
    response_url: 'https://hooks.example.com/response',
  };
  const body = new URLSearchParams({ payload: JSON.stringify(click) }).toString();

  async function openDoor(take: () => Promise<string | null>) {
    const clock = testClock();
    const told: string[] = [];
    const door = createSlackActions({
      clock,
      log: silent,
      signingSecret: SIGNING_SECRET,
      take,
      async tell(_, words) {
        told.push(words);
      },
    });
    const server = createServer((request, response) => {
      void door.handle(request, response, { requestId: 'r' });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const send = () =>
      fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: signed(body, clock.now()), body });
    return { clock, told, door, send, close: () => server.close() };
  }

  test('answers Slack in time, however long the decision takes, and tells its outcome; a stop waits for it', async () => {
    const gate = Promise.withResolvers<string>();
    const begun = Promise.withResolvers<void>();
    const { clock, told, door, send, close } = await openDoor(() => {
      begun.resolve();
      return gate.promise;
    });
    const answered = send();
    await begun.promise;
    // The click is waited for from here on.
    await new Promise(setImmediate);
    clock.advance(2.5);
    expect((await answered).status).toBe(200);
    let stopped = false;
    const stopping = door.stop().then(() => (stopped = true));
    await new Promise(setImmediate);
    expect([stopped, told]).toEqual([false, []]);
    gate.resolve('Done.');
    await stopping;
    expect(told).toEqual(['Done.']);
    close();
  });

  test('keeps out of the log by what address, and with what words, somebody could not be told', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    for (const allowPrivate of [true, false])
      await tell(
        { clock: testClock(), log, allowPrivate },
        'http://127.0.0.1:1/actions/T0/hidden',
        'private',
      );
    expect(lines).toHaveLength(2);
    expect(lines.join('')).toMatch(/can't be reached.*\n.*the address is a private one/);
    expect(lines.join('')).not.toMatch(/hidden|"private"/);
  });

  test('does not say that it is done where nobody knows', async () => {
    const { told, door, send, close } = await openDoor(() => Promise.reject(new Error('no database')));
    expect((await send()).status).toBe(200);
    await door.stop();
    expect(told).toEqual(['Not done, or it is not known: something failed. Open the item by its link.']);
    close();
  });
});
