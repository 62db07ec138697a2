import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { afterWorking, beforeWorking, type WorkingHours } from '../../src/kernel/working-hours.ts';

const office = (timeZone: string): WorkingHours => ({
  timeZone,
  days: [1, 2, 3, 4, 5],
  from: '09:00',
  until: '17:00',
});
const HOUR = 3_600;

describe('working time', () => {
  it.each<[what: string, from: string, hours: number, zone: string, to: string]>([
    ['within a day', '2026-03-02T10:00:00Z', 2, 'UTC', '2026-03-02T12:00:00Z'],
    ['to the very end of it', '2026-03-02T10:00:00Z', 7, 'UTC', '2026-03-02T17:00:00Z'],
    ['over a night', '2026-03-02T16:00:00Z', 2, 'UTC', '2026-03-03T10:00:00Z'],
    ['over a weekend', '2026-03-06T16:00:00Z', 2, 'UTC', '2026-03-09T10:00:00Z'],
    ['from before it begins', '2026-03-02T03:00:00Z', 1, 'UTC', '2026-03-02T10:00:00Z'],
    ['from a Sunday', '2026-03-08T12:00:00Z', 1, 'UTC', '2026-03-09T10:00:00Z'],
    ['in another zone', '2026-03-02T12:00:00Z', 1, 'America/St_Johns', '2026-03-02T13:30:00Z'],
    [
      'over the night that clocks go forward',
      '2026-03-06T20:30:00Z',
      1,
      'America/St_Johns',
      '2026-03-09T12:30:00Z',
    ],
    [
      'over the night that they go back',
      '2026-10-30T19:30:00Z',
      1,
      'America/St_Johns',
      '2026-11-02T13:30:00Z',
    ],
    [
      'over the weekend that its summer ends',
      '2026-04-03T03:00:00Z',
      2,
      'Pacific/Auckland',
      '2026-04-05T22:00:00Z',
    ],
    ['half before it, half behind', '2026-04-03T03:30:00Z', 1, 'Pacific/Auckland', '2026-04-05T21:30:00Z'],
  ])('passes %s', (_, from, hours, zone, to) => {
    expect(afterWorking(new Date(from), hours * HOUR, office(zone)).toISOString()).toBe(
      new Date(to).toISOString(),
    );
  });

  it('is all time without hours, and the whole day where it has no end', () => {
    const at = new Date('2026-03-02T10:00:00Z');
    expect(afterWorking(at, 90, null)).toEqual(new Date('2026-03-02T10:01:30Z'));
    const always = { ...office('UTC'), days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', until: '24:00' };
    expect(afterWorking(at, 40 * HOUR, always)).toEqual(new Date(at.getTime() + 40 * HOUR * 1000));
  });

  it('lasts a shorter shift on the day that clocks go forward in it, and a longer one on the other', () => {
    const night = { timeZone: 'Europe/Berlin', days: [7], from: '00:00', until: '06:00' };
    // Five hours on 29 March 2026, seven on 25 October.
    expect(afterWorking(new Date('2026-03-28T12:00:00Z'), 5 * HOUR, night)).toEqual(
      new Date('2026-03-29T04:00:00Z'),
    );
    expect(afterWorking(new Date('2026-10-24T12:00:00Z'), 7 * HOUR, night)).toEqual(
      new Date('2026-10-25T05:00:00Z'),
    );
  });

  it('ends within eleven years, however little is worked and however long is waited', () => {
    const rarely = { timeZone: 'UTC', days: [1], from: '09:00', until: '10:00' };
    const end = afterWorking(new Date('2026-03-02T00:00:00Z'), 31_536_000, rarely);
    expect(end.getUTCFullYear()).toBe(2036);
  });

  test('counted back from its end begins where it began, or at the end of the shift before', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true }),
        fc.integer({ min: 1, max: 200 * HOUR }),
        fc.constantFrom('UTC', 'Pacific/Auckland', 'America/St_Johns', 'Europe/Berlin'),
        (from, seconds, zone) => {
          const hours = office(zone);
          const end = afterWorking(from, seconds, hours);
          const begin = beforeWorking(end, seconds, hours);
          expect(end > from).toBe(true);
          // Time that does not count may lie between: then as much is worked from either.
          expect(begin.getTime()).toBeGreaterThanOrEqual(from.getTime());
          expect(afterWorking(begin, seconds, hours)).toEqual(end);
        },
      ),
    );
  });
});
