import { describe, expect, test, vi } from 'vitest';
import { isPublic } from '../../src/notifications/addresses.ts';
import { createBreakers } from '../../src/notifications/breakers.ts';
import {
  backoff,
  type Item,
  plan,
  roomBeside,
  type TeamChannel,
  type ToldEvent,
} from '../../src/notifications/rules.ts';
import { quietUntil } from '../../src/notifications/settings.ts';
import { render } from '../../src/notifications/template.ts';
import { createWebhook } from '../../src/notifications/webhook.ts';
import { testClock } from '../support/clock.ts';
import { message } from '../conformance/channels.ts';
import { SECRET } from './receiver.ts';

const event = (type: string, data: ToldEvent['data'] = {}, teamId: string | null = 'team_a'): ToldEvent => ({
  id: 'event_1',
  position: 1n,
  type,
  projectId: 'project_1',
  teamId,
  subjectId: 'intervention_1',
  data,
});
const channel = (names: string[], more: Partial<TeamChannel> = {}): TeamChannel => ({
  teamId: 'team_a',
  version: 1,
  place: 0,
  names,
  audited: null,
  destination: { type: 'EMAIL', key: 'one', to: ['a@example.com'] },
  ...more,
});
const item: Item = { urgency: 'NORMAL', levels: 3 };

describe('plan', () => {
  test.each([
    ['level 1 of 3', item, 1, []],
    ['the last level', item, 3, ['critical_escalation']],
    ['a CRITICAL request at level 1', { ...item, urgency: 'CRITICAL' }, 1, ['critical_escalation']],
  ] as [string, Item, number, string[]][])(
    'calls an escalation critical or not: %s',
    (_, about, level, names) => {
      const escalated = event('escalation_triggered', { level });
      expect(plan(escalated, about, [channel(['critical_escalation'])]).map(({ name }) => name)).toEqual(
        names,
      );
      expect(plan(escalated, about, [channel(['escalation'])]).map(({ name }) => name)).toEqual([
        'escalation',
      ]);
      expect(plan(escalated, about, [channel(['escalation', 'critical_escalation'])])).toHaveLength(1);
    },
  );

  test('tells a team’s event to that team alone, and each of its channels once', () => {
    const channels = [
      channel(['intervention_required']),
      channel(['intervention_required'], { place: 1 }),
      channel(['intervention_required'], { teamId: 'team_b' }),
      channel(['timeout'], { place: 2 }),
    ];
    const planned = plan(event('intervention_requested'), item, channels);
    expect(planned.map(({ key }) => key)).toEqual(['team_a/0', 'team_a/1']);
  });

  test.each([
    ['intervention_resolved', 'intervention_resolved', 0],
    ['timeout_occurred', 'timeout', 0],
    ['approval_resolved', 'approval_resolved', 0],
    ['emergency_stop_resolved', 'emergency_stop_resolved', 0],
    ['intervention_requested', 'intervention_required', 1],
    ['escalation_triggered', 'escalation', 1],
    ['agent_approval_requested', 'approval_required', 1],
    ['budget_alert', 'budget_alert', 1],
    ['emergency_stop_triggered', 'emergency_stop', 1],
  ])(
    'behaviour 8.2: %s, where the team does not keep it on record: a report is left out, and nothing that asks or warns',
    (type, name, times) => {
      const told = (audited: readonly string[] | null) =>
        plan(event(type), item, [channel([name], { audited })]);
      expect(told(['configuration_changed'])).toHaveLength(times);
      expect(told(['configuration_changed', type])).toHaveLength(1);
      expect(told(null)).toHaveLength(1);
    },
  );

  test('tells nobody of what no channel can ask for', () => {
    expect(plan(event('intervention_claimed'), item, [channel(['intervention_required'])])).toEqual([]);
  });
});

describe('backoff', () => {
  test.each([
    [1, 1_000, 0, null, 1_000],
    [4, 1_000, 0, null, 8_000],
    [4, 1_000, 1, null, 4_000],
    [30, 1_000, 0, null, 3_600_000],
    [101, 3_600_000, 0, null, 3_600_000],
    [1, 1_000, 0, 90_000, 90_000],
    [8, 1_000, 0, 1, 128_000],
  ])(
    'after attempt %i, from %i ms, by chance %d, wished %s: %i ms',
    (attempts, delay, chance, wished, wait) => {
      expect(backoff(attempts, delay, chance, wished)).toBe(wait);
    },
  );
});

describe('quiet hours', () => {
  const berlin = { time_zone: 'Europe/Berlin', from: '22:00', until: '07:00' };
  test.each([
    [berlin, '2026-06-01T20:00:00Z', '2026-06-02T05:00:00.000Z'],
    [berlin, '2026-06-02T04:59:59Z', '2026-06-02T05:00:00.000Z'],
    [berlin, '2026-06-02T05:00:00Z', null],
    [berlin, '2026-06-01T19:59:59Z', null],
    // The night in which its clocks go forward is an hour shorter.
    [berlin, '2026-03-28T21:30:00Z', '2026-03-29T05:00:00.000Z'],
    [{ time_zone: 'UTC', from: '12:00', until: '13:00' }, '2026-06-01T12:30:00Z', '2026-06-01T13:00:00.000Z'],
    [{ time_zone: 'UTC', from: '12:00', until: '13:00' }, '2026-06-01T13:00:00Z', null],
    [{ time_zone: 'UTC', from: '09:00', until: '09:00' }, '2026-06-01T09:00:00Z', '2026-06-02T09:00:00.000Z'],
  ])('%o at %s end %s', (quiet, at, end) => {
    expect(quietUntil(quiet, new Date(at))?.toISOString() ?? null).toBe(end);
  });
});

describe('a template', () => {
  test('keeps a name without a value readable, and looks at no value for names (8.5)', () => {
    const values = { a: '{{b}}', b: 'secret', n: 3, o: { x: [1] }, none: null };
    expect(
      render({ subject: '{{a}} {{n}}', body: '{{o}} {{none}} {{ missing }} {{constructor}} {{b' }, values),
    ).toEqual({
      subject: '{{b}} 3',
      body: '{"x":[1]} [none] [missing] [constructor] {{b',
    });
  });

  test('makes one line of a subject, whatever is in it', () => {
    const { subject, body } = render(
      { subject: 'To {{x}}', body: '{{x}}' },
      { x: 'a\r\nBcc: b\u2028c\u0000\u001b[31m\u202ed' },
    );
    expect(subject).toBe('To a Bcc: b c [31m d');
    expect(body).toBe('a\nBcc: b c  [31m d');
  });

  test('is cut to its bounds', () => {
    const x = 'é'.repeat(5_000);
    const { subject, body } = render({ subject: '{{x}}', body: '{{x}}'.repeat(30) }, { x });
    expect([Array.from(subject).length, Array.from(body).length]).toEqual([200, 20_000]);
    expect(Array.from(render({ subject: '', body: '{{x}}' }, { x }).body).length).toBe(2_000);
  });
});

describe('addresses (8.3)', () => {
  test.each([
    '127.0.0.1',
    '127.8.8.8',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
    '::1',
    '::',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'fe80::1%eth0',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    'ff02::1',
    'localhost',
    '',
  ])('%s is not public', (address) => {
    expect(isPublic(address)).toBe(false);
  });

  test.each(['8.8.8.8', '172.32.0.1', '1.1.1.1', '2606:4700::1111', '[2a00:1450::1]'])('%s is', (address) => {
    expect(isPublic(address)).toBe(true);
  });

  test.each([
    'http://127.0.0.1:1/',
    'http://[::1]:1/',
    'http://2130706433:1/',
    'http://0x7f.1:1/',
    'http://localhost:1/',
    'http://[::ffff:127.0.0.1]:1/',
    'http://127.1:1/',
    'ftp://example.com/',
  ])('a webhook to %s is refused before anything is sent', async (url) => {
    const webhook = createWebhook({ clock: testClock(), allowPrivate: false });
    const sent = webhook.send(
      { type: 'WEBHOOK', key: 'k', url, secret: SECRET },
      message({ body: '{}' }),
      new AbortController().signal,
    );
    await expect(sent).rejects.toMatchObject({ name: 'NotDelivered', permanent: true });
  });
});

describe('room', () => {
  test.each([
    ['for one lane, where nothing is being sent', {}, 8, []],
    ['for what fills no lane', { SLACK: 7, EMAIL: 2 }, 1, []],
    ['beside a full lane, for the others', { SLACK: 8, EMAIL: 2 }, 6, ['SLACK']],
    ['beside full lanes alone', { SLACK: 8, EMAIL: 8, 'team_a/0': 8 }, 8, ['SLACK', 'EMAIL', 'team_a/0']],
    ['up to the bound of the process', { SLACK: 8, EMAIL: 8, SMS: 8, a: 5 }, 3, ['SLACK', 'EMAIL', 'SMS']],
    ['no more', { SLACK: 8, EMAIL: 8, SMS: 8, a: 8 }, 0, ['SLACK', 'EMAIL', 'SMS', 'a']],
  ])('%s', (_, sending, limit, full) => {
    expect(roomBeside(new Map(Object.entries(sending)))).toEqual({ limit, full });
  });
});

describe('a breaker', () => {
  const terms = { failures: 2, rest: 1_000, calls: 1 };
  const well = () => Promise.resolve({ kind: 'delivered', reference: null } as const);
  const failed = () => Promise.resolve({ kind: 'failed', why: '', retryAfter: null } as const);
  const refused = () => Promise.resolve({ kind: 'refused', why: '' } as const);

  test('opens after failures in a row, lets one through after its rest, and closes with it', async () => {
    const clock = testClock();
    const breakers = createBreakers(clock);
    const kindOf = async (work: Parameters<typeof breakers.run>[2], key = 'a') =>
      (await breakers.run(key, terms, work)).kind;
    expect(await kindOf(failed)).toBe('failed');
    expect(await kindOf(refused)).toBe('refused');
    expect(await kindOf(failed)).toBe('failed');
    expect(await kindOf(failed)).toBe('failed');
    const until = new Date(clock.now().getTime() + 1_000);
    expect(await breakers.run('a', terms, well)).toEqual({ kind: 'resting', until });
    expect(await kindOf(well, 'b')).toBe('delivered');
    clock.set(until);
    const trying = Promise.withResolvers<void>();
    const tried = kindOf(() => trying.promise.then(failed));
    expect(await kindOf(well)).toBe('resting');
    trying.resolve();
    expect(await tried).toBe('failed');
    expect(await kindOf(well)).toBe('resting');
    clock.advance(1);
    expect(await kindOf(well)).toBe('delivered');
    expect(await kindOf(failed)).toBe('failed');
    expect(await kindOf(well)).toBe('delivered');
  });

  test('lets as many through at once as half_open_max_calls, and closes once they all went well', async () => {
    const clock = testClock();
    const breakers = createBreakers(clock);
    const run = (work: Parameters<typeof breakers.run>[2]) =>
      breakers.run('a', { failures: 1, rest: 1_000, calls: 2 }, work);
    await run(failed);
    clock.advance(1);
    const trying = Promise.withResolvers<void>();
    const tried = [run(() => trying.promise.then(well)), run(() => trying.promise.then(well))];
    expect((await run(well)).kind).toBe('resting');
    trying.resolve();
    expect((await Promise.all(tried)).map(({ kind }) => kind)).toEqual(['delivered', 'delivered']);
    expect((await run(well)).kind).toBe('delivered');
  });

  test('goes by the house’s clock, whatever the machine’s does', async () => {
    const clock = testClock();
    const breakers = createBreakers(clock);
    const run = (work: Parameters<typeof breakers.run>[2]) =>
      breakers.run('a', { ...terms, failures: 1 }, work);
    await run(failed);
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      vi.setSystemTime(0);
      clock.advance(1);
      expect((await run(failed)).kind).toBe('failed');
      vi.setSystemTime(new Date('2100-01-01T00:00:00Z'));
      expect((await run(well)).kind).toBe('resting');
    } finally {
      vi.useRealTimers();
    }
  });
});
