import { pino } from 'pino';
import { expect, it } from 'vitest';
import { runSweeps, type Sweep } from '../../src/clock/sweep.ts';
import { testClock } from '../support/clock.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 2, 2, 9, 0, seconds));
const sweep = (name: string, run: Sweep['run']): Sweep => ({ name, run });

it('runs every room’s sweep, arms for what is due next, and keeps nobody from it where one fails', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const armed: Date[] = [];
  const ran: string[] = [];
  const clock = testClock();
  const again = await runSweeps(
    [
      sweep('first', async (now) => {
        ran.push(`first at ${now.toISOString()}`);
        return { again: false, next: at(5) };
      }),
      sweep('broken', () => Promise.reject(new Error('no luck'))),
      sweep('last', async () => {
        ran.push('last');
        return { again: true, next: null };
      }),
    ],
    { now: () => clock.now(), arm: (next) => void armed.push(next), log },
  );
  expect(ran).toEqual(['first at 2026-03-02T09:00:00.000Z', 'last']);
  expect(armed).toEqual([at(5)]);
  expect(again).toBe(true);
  expect(lines.map((line) => (JSON.parse(line) as { sweep: string }).sweep)).toEqual(['broken']);
});
