import { describe, expect, it } from 'vitest';
import type { Intervention } from '../../src/generated/prisma/client.ts';
import { advance } from '../../src/interventions/advance.ts';
import { clockMoves } from '../../src/interventions/deadlines.ts';
import { escalated } from '../../src/interventions/rules.ts';
import { begin } from '../../src/sessions/draft.ts';
import { systemActor } from '../../src/identity/viewer.ts';
import { aSession, at, item, START, terms } from './item.ts';

const seconds = (date: Date | null): number | null =>
  date === null ? null : (date.getTime() - START.getTime()) / 1000;

/** What the clock does to it when somebody looks at each of these seconds: "<when due> <what>". */
function timeline(intervention: Intervention, looks: number[]): string[] {
  let current = intervention;
  const lines: string[] = [];
  for (const look of looks) {
    for (const move of clockMoves(current, at(look))) {
      const level = 'fraction' in move ? ` ${move.fraction}` : 'level' in move ? ` ${move.level}` : '';
      lines.push(`${seconds(move.at)} ${move.kind}${level}`);
    }
    const draft = begin({ session: aSession(), interventions: [current], approvals: [] });
    advance(draft, current, at(look));
    current = draft.interventions[0]!;
  }
  return lines;
}

const everySecond = Array.from({ length: 3000 }, (_, second) => second);
const chain = terms(
  [
    { role: 'SUPERVISOR', timeout: 300 },
    { role: 'MANAGER', timeout: 600 },
  ],
  { after: 300 },
);
const two = (after: number | null) =>
  terms(
    [
      { role: 'SUPERVISOR', timeout: 30 },
      { role: 'ADMIN', timeout: 40 },
    ],
    { after },
  );

const rows: [string, Partial<Intervention>, string[]][] = [
  [
    'timeout 180, escalation_timeout 300, supervisor 300, manager 600',
    { timeout: 180, terms: chain },
    [
      '180 window_ended 0',
      '300 climbed 1',
      '600 window_ended 1',
      '600 climbed 2',
      '1200 window_ended 2',
      '1200 expired',
    ],
  ],
  [
    'timeout 120, auto_continue',
    { timeout: 120, autoContinue: true },
    ['120 window_ended 0', '120 continued'],
  ],
  [
    'timeout 240, escalation off',
    { timeout: 240, terms: terms([], { automatic: false }) },
    ['240 window_ended 0', '240 expired'],
  ],
  [
    'escalation off although levels are listed',
    { timeout: 240, terms: terms([{ role: 'ADMIN', timeout: 9 }], { automatic: false, after: 300 }) },
    ['240 window_ended 0', '240 expired'],
  ],
  [
    'escalation_timeout absent: at once',
    { timeout: 50, terms: two(null) },
    [
      '50 window_ended 0',
      '50 climbed 1',
      '80 window_ended 1',
      '80 climbed 2',
      '120 window_ended 2',
      '120 expired',
    ],
  ],
  [
    'escalation_timeout not later than the first window: at once',
    { timeout: 50, terms: two(50) },
    [
      '50 window_ended 0',
      '50 climbed 1',
      '80 window_ended 1',
      '80 climbed 2',
      '120 window_ended 2',
      '120 expired',
    ],
  ],
  [
    'escalation_timeout earlier than the first window: at once',
    { timeout: 50, terms: two(10) },
    [
      '50 window_ended 0',
      '50 climbed 1',
      '80 window_ended 1',
      '80 climbed 2',
      '120 window_ended 2',
      '120 expired',
    ],
  ],
  [
    'no configuration (4.9)',
    {},
    [
      '300 window_ended 0',
      '600 climbed 1',
      '1200 window_ended 1',
      '1200 climbed 2',
      '1800 window_ended 2',
      '1800 climbed 3',
      '2400 window_ended 3',
      '2400 expired',
    ],
  ],
  [
    'escalation on and no level listed',
    { timeout: 70, terms: terms([], { after: 100 }) },
    ['70 window_ended 0', '70 expired'],
  ],
];

describe('behaviour 4.8: the timeline', () => {
  it.each(rows)('%s', (_, more, expected) => {
    expect(timeline(item(more), everySecond)).toEqual(expected);
  });

  it.each(rows)('is the same when nobody looked for an hour: %s', (_, more, expected) => {
    expect(timeline(item(more), [3600])).toEqual(expected);
  });

  it.each(rows)('is the same when somebody looks now and then: %s', (_, more, expected) => {
    expect(timeline(item(more), [10, 199, 333, 601, 602, 1777, 2400])).toEqual(expected);
  });

  it('nothing happens a millisecond before the deadline; at it, the window has ended', () => {
    const asked = item({ timeout: 60 });
    expect(clockMoves(asked, new Date(at(60).getTime() - 1))).toEqual([]);
    expect(clockMoves(asked, at(60)).map(({ kind }) => kind)).toEqual(['window_ended']);
  });

  it('between the first window and level 1 it says when that ends, and is still open to the first role', () => {
    const draft = begin({
      session: aSession(),
      interventions: [item({ timeout: 180, terms: chain })],
      approvals: [],
    });
    advance(draft, draft.interventions[0]!, at(200));
    const [waiting] = draft.interventions;
    expect(waiting).toMatchObject({
      status: 'PENDING',
      requiredRole: 'OPERATOR',
      escalationLevel: 0,
      windowEnded: true,
    });
    expect([seconds(waiting!.expiresAt), seconds(waiting!.dueAt)]).toEqual([300, 300]);
  });

  it('an outage over several windows leaves each level’s step with the instants that it had', () => {
    const draft = begin({
      session: aSession(),
      interventions: [item({ timeout: 180, terms: chain })],
      approvals: [],
    });
    advance(draft, draft.interventions[0]!, at(700));
    const [raised] = draft.interventions;
    expect(raised).toMatchObject({ status: 'PENDING', escalationLevel: 2, requiredRole: 'MANAGER' });
    expect(seconds(raised!.expiresAt)).toBe(1200);
    expect(raised!.escalations).toMatchObject([
      {
        level: 1,
        role: 'SUPERVISOR',
        automatic: true,
        escalatedAt: at(300).toISOString(),
        respondBy: at(600).toISOString(),
      },
      {
        level: 2,
        role: 'MANAGER',
        automatic: true,
        escalatedAt: at(600).toISOString(),
        respondBy: at(1200).toISOString(),
      },
    ]);
    expect(draft.events.map(({ type }) => type)).toEqual([
      'timeout_occurred',
      'escalation_triggered',
      'timeout_occurred',
      'escalation_triggered',
    ]);
    expect(draft.session.status).toBe('WAITING_FOR_HUMAN');
  });
});

describe('behaviour 4.8, 4.11: escalated by hand', () => {
  const byHand = (moment: number, level: number, more: Partial<Intervention> = {}) =>
    escalated(
      item({ timeout: 180, terms: chain, ...more }),
      level,
      { reason: '', automatic: false, escalatedBy: systemActor },
      at(moment),
    );

  it.each([
    [
      'within the first window',
      10,
      1,
      ['310 window_ended 1', '310 climbed 2', '910 window_ended 2', '910 expired'],
    ],
    ['to level 2 at once', 10, 2, ['610 window_ended 2', '610 expired']],
  ])('%s: that level’s window runs from then', (_, moment, level, expected) => {
    expect(timeline(byHand(moment, level), everySecond)).toEqual(expected);
  });

  it('between the first window and level 1', () => {
    const draft = begin({
      session: aSession(),
      interventions: [item({ timeout: 180, terms: chain })],
      approvals: [],
    });
    advance(draft, draft.interventions[0]!, at(200));
    const raised = escalated(
      draft.interventions[0]!,
      1,
      { reason: '', automatic: false, escalatedBy: systemActor },
      at(250),
    );
    expect(timeline(raised, everySecond)).toEqual([
      '550 window_ended 1',
      '550 climbed 2',
      '1150 window_ended 2',
      '1150 expired',
    ]);
  });

  it('it no longer continues by itself', () => {
    expect(timeline(byHand(10, 1, { autoContinue: true }), [10_000]).at(-1)).toBe('910 expired');
  });

  it('with escalation off it times out at the end of that level', () => {
    const off = terms(
      [
        { role: 'SUPERVISOR', timeout: 20 },
        { role: 'ADMIN', timeout: 20 },
      ],
      { automatic: false },
    );
    expect(timeline(byHand(10, 1, { terms: off }), [10_000])).toEqual(['30 window_ended 1', '30 expired']);
  });
});

const oneLevel = (rhythm: object) => terms([{ role: 'SUPERVISOR', timeout: 100 }], rhythm);

describe('a chain that reminds', () => {
  const reminding = item({ timeout: 200, terms: oneLevel({ reminders: [0.5, 0.9] }) });

  it('does so once for each part of every window that has passed (8.1)', () => {
    expect(timeline(reminding, everySecond)).toEqual([
      '100 reminded 0.5',
      '180 reminded 0.9',
      '200 window_ended 0',
      '200 climbed 1',
      '250 reminded 0.5',
      '290 reminded 0.9',
      '300 window_ended 1',
      '300 expired',
    ]);
  });

  it('gives the last that is due where nobody looked, and none of a window that is over', () => {
    expect(timeline(reminding, [190, 295])).toEqual([
      '180 reminded 0.9',
      '200 window_ended 0',
      '200 climbed 1',
      '290 reminded 0.9',
    ]);
    expect(timeline(reminding, [210])).toEqual(['200 window_ended 0', '200 climbed 1']);
  });

  it('says whom it waits for and until when, and what is due next', () => {
    const draft = begin({ session: aSession(), interventions: [reminding], approvals: [] });
    expect(seconds(reminding.dueAt)).toBe(100);
    advance(draft, reminding, at(100));
    expect(draft.interventions[0]).toMatchObject({
      reminded: 1,
      status: 'PENDING',
      expiresAt: at(200),
      dueAt: at(180),
    });
    expect(draft.events).toMatchObject([
      {
        type: 'intervention_reminder',
        data: { level: 0, role: 'OPERATOR', fraction: 0.5, respondBy: at(200).toISOString() },
      },
    ]);
  });

  it('waits for level 1 without reminding', () => {
    const asked = item({ timeout: 100, terms: oneLevel({ after: 300, reminders: [0.5] }) });
    expect(timeline(asked, everySecond)).toEqual([
      '50 reminded 0.5',
      '100 window_ended 0',
      '300 climbed 1',
      '350 reminded 0.5',
      '400 window_ended 1',
      '400 expired',
    ]);
  });

  it('goes on where a stop had held it, by as much later (7.7)', () => {
    const thawed = { ...reminding, expiresAt: at(260), dueAt: at(60), frozenMs: 60_000 };
    expect(timeline(thawed, everySecond).slice(0, 3)).toEqual([
      '160 reminded 0.5',
      '240 reminded 0.9',
      '260 window_ended 0',
    ]);
  });
});

describe('a chain that begins again', () => {
  it('goes through its levels as often more, and then times out', () => {
    const asked = item({ timeout: 10, terms: two(null) });
    const again = item({
      timeout: 10,
      terms: terms(
        [
          { role: 'SUPERVISOR', timeout: 30 },
          { role: 'ADMIN', timeout: 40 },
        ],
        { repeat: 2 },
      ),
    });
    const climbs = (intervention: Intervention) =>
      timeline(intervention, everySecond).filter((line) => !line.includes('window_ended'));
    expect(climbs(asked)).toEqual(['10 climbed 1', '40 climbed 2', '80 expired']);
    const rounds = [
      '10 climbed 1',
      '40 climbed 2',
      '80 climbed 1',
      '110 climbed 2',
      '150 climbed 1',
      '180 climbed 2',
      '220 expired',
    ];
    expect(climbs(again)).toEqual(rounds);
    expect(timeline(again, [3_000]).filter((line) => !line.includes('window_ended'))).toEqual(rounds);
  });

  it('does not begin again where nothing climbs by itself, or there is no level', () => {
    const off = item({ timeout: 10, terms: terms([], { repeat: 5 }) });
    expect(timeline(off, everySecond)).toEqual(['10 window_ended 0', '10 expired']);
  });
});

describe('a chain with working hours', () => {
  // START is a Monday, 09:00 UTC.
  const hours = { timeZone: 'UTC', days: [1, 2, 3, 4, 5], from: '09:00', until: '17:00' };
  const hour = 3_600;

  it('counts its windows, its reminders and the time to level 1 in them alone', () => {
    const asked = item({
      timeout: 6 * hour,
      terms: terms([{ role: 'SUPERVISOR', timeout: 4 * hour }], {
        after: 10 * hour,
        reminders: [0.5],
        hours,
      }),
    });
    const looks = Array.from({ length: 72 }, (_, each) => each * hour);
    expect(timeline(asked, looks)).toEqual([
      `${3 * hour} reminded 0.5`,
      `${6 * hour} window_ended 0`,
      `${(24 + 2) * hour} climbed 1`,
      `${(24 + 4) * hour} reminded 0.5`,
      `${(24 + 6) * hour} window_ended 1`,
      `${(24 + 6) * hour} expired`,
    ]);
  });
});
