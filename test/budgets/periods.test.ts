import { describe, expect, it } from 'vitest';
import { dayOf, following, monthOf } from '../../src/budgets/periods.ts';
import { isTimeZone } from '../../src/kernel/time-zone.ts';

const instants = ({ start, end }: { start: Date; end: Date }) => [start.toISOString(), end.toISOString()];
const hours = ({ start, end }: { start: Date; end: Date }) => (end.getTime() - start.getTime()) / 3_600_000;

describe('the day of a time zone (6.1)', () => {
  it.each([
    ['UTC', '2026-03-02T09:00:00Z', '2026-03-02T00:00:00.000Z', 24],
    ['UTC', '2026-03-02T00:00:00Z', '2026-03-02T00:00:00.000Z', 24],
    ['UTC', '2026-03-01T23:59:59.999Z', '2026-03-01T00:00:00.000Z', 24],
    ['Pacific/Auckland', '2026-06-10T11:59:59.999Z', '2026-06-09T12:00:00.000Z', 24],
    ['Pacific/Auckland', '2026-06-10T12:00:00Z', '2026-06-10T12:00:00.000Z', 24],
    // The southern spring takes an hour, the southern autumn gives one.
    ['Pacific/Auckland', '2026-09-26T20:00:00Z', '2026-09-26T12:00:00.000Z', 23],
    ['Pacific/Auckland', '2026-04-04T20:00:00Z', '2026-04-04T11:00:00.000Z', 25],
    ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00.000Z', 23],
    ['Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00.000Z', 25],
    ['America/St_Johns', '2026-01-15T12:00:00Z', '2026-01-15T03:30:00.000Z', 24],
    ['America/St_Johns', '2026-03-08T12:00:00Z', '2026-03-08T03:30:00.000Z', 23],
    ['America/St_Johns', '2026-11-01T12:00:00Z', '2026-11-01T02:30:00.000Z', 25],
    ['Asia/Kathmandu', '2026-05-05T18:15:00Z', '2026-05-05T18:15:00.000Z', 24],
    ['Australia/Lord_Howe', '2026-10-03T20:00:00Z', '2026-10-03T13:30:00.000Z', 23.5],
    // Midnight does not exist: the day begins at one o'clock.
    ['Africa/Cairo', '2026-04-24T12:00:00Z', '2026-04-23T22:00:00.000Z', 23],
    ['Asia/Beirut', '2026-03-29T12:00:00Z', '2026-03-28T22:00:00.000Z', 23],
    // Midnight comes twice: the day begins at the first.
    ['America/Havana', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00.000Z', 25],
    // The zone left out 30 December.
    ['Pacific/Apia', '2011-12-30T09:59:59.999Z', '2011-12-29T10:00:00.000Z', 24],
    ['Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-30T10:00:00.000Z', 24],
  ])('of %s at %s begins at %s and has %d hours', (zone, at, start, length) => {
    const day = dayOf(zone, new Date(at));
    expect([day.start.toISOString(), hours(day)]).toEqual([start, length]);
  });

  it('is the new one from its first instant on, also where clocks put back show the old date once more', () => {
    // Until 2011 St John's put its clocks back at one minute past midnight.
    const day = dayOf('America/St_Johns', new Date('2010-11-07T02:45:00Z'));
    expect(instants(day)).toEqual(['2010-11-07T02:30:00.000Z', '2010-11-08T03:30:00.000Z']);
  });

  it.each(['Pacific/Auckland', 'America/St_Johns', 'Africa/Cairo', 'America/Havana', 'Pacific/Apia'])(
    'of %s follows the one before without gap or overlap',
    (zone) => {
      let day = dayOf(zone, new Date('2010-01-01T12:00:00Z'));
      for (let n = 0; n < 1100; n++) {
        expect(instants(dayOf(zone, new Date(day.end.getTime() - 1)))).toEqual(instants(day));
        const next = dayOf(zone, day.end);
        expect(next.start).toEqual(day.end);
        expect(next.end > next.start).toBe(true);
        day = next;
      }
    },
  );
});

describe('the month of a time zone (6.1)', () => {
  it.each([
    ['UTC', '2026-01-31T23:59:59.999Z', '2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
    ['UTC', '2026-02-28T12:00:00Z', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
    ['UTC', '2028-02-29T12:00:00Z', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
    ['UTC', '2026-12-31T12:00:00Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['Pacific/Auckland', '2026-03-31T10:59:59Z', '2026-02-28T11:00:00.000Z', '2026-03-31T11:00:00.000Z'],
    ['Pacific/Auckland', '2026-03-31T11:00:00Z', '2026-03-31T11:00:00.000Z', '2026-04-30T12:00:00.000Z'],
    ['America/St_Johns', '2026-11-01T12:00:00Z', '2026-11-01T02:30:00.000Z', '2026-12-01T03:30:00.000Z'],
    ['Pacific/Auckland', '2026-09-30T10:59:59.999Z', '2026-08-31T12:00:00.000Z', '2026-09-30T11:00:00.000Z'],
    ['Pacific/Auckland', '2026-04-30T11:59:59.999Z', '2026-03-31T11:00:00.000Z', '2026-04-30T12:00:00.000Z'],
    ['America/St_Johns', '2026-04-01T02:29:59.999Z', '2026-03-01T03:30:00.000Z', '2026-04-01T02:30:00.000Z'],
    // Put back at one minute past midnight on the first: October's date once more, in what is November already.
    ['America/St_Johns', '2009-11-01T02:45:00Z', '2009-11-01T02:30:00.000Z', '2009-12-01T03:30:00.000Z'],
  ])('of %s at %s is %s to %s', (zone, at, start, end) => {
    expect(instants(monthOf(zone, new Date(at)))).toEqual([start, end]);
  });
});

describe('the period that follows (6.1)', () => {
  const end = new Date('2026-03-03T00:00:00Z');
  it.each([
    // The zone is the same: the next day, or whichever runs by now.
    ['UTC', '2026-03-03T00:00:00Z', '2026-03-03T00:00:00.000Z', '2026-03-04T00:00:00.000Z'],
    ['UTC', '2026-03-07T05:00:00Z', '2026-03-07T00:00:00.000Z', '2026-03-08T00:00:00.000Z'],
    // Changed meanwhile: it begins where the running day ended, and ends at the new zone's midnight.
    ['America/New_York', '2026-03-03T00:00:00Z', '2026-03-03T00:00:00.000Z', '2026-03-03T05:00:00.000Z'],
    ['America/New_York', '2026-03-03T04:59:59Z', '2026-03-03T00:00:00.000Z', '2026-03-03T05:00:00.000Z'],
    ['America/New_York', '2026-03-03T05:00:00Z', '2026-03-03T05:00:00.000Z', '2026-03-04T05:00:00.000Z'],
    ['Pacific/Auckland', '2026-03-03T00:00:00Z', '2026-03-03T00:00:00.000Z', '2026-03-03T11:00:00.000Z'],
  ])('in %s at %s is %s to %s', (zone, now, start, until) => {
    const period = following(end, (at) => dayOf(zone, at), new Date(now));
    expect(instants(period)).toEqual([start, until]);
  });
});

it.each([
  ['Europe/Berlin', true],
  ['UTC', true],
  ['Mars/Olympus', false],
  ['', false],
  ['+25:00', false],
])('%j is a time zone: %s', (name, is) => expect(isTimeZone(name)).toBe(is));
