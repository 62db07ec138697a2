import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { addSeconds } from '../../src/kernel/clock.ts';
import { testClock } from '../support/clock.ts';

test('the test clock calls back in the order of time, at the time that was asked for', () => {
  const clock = testClock();
  const start = clock.now();
  const seen: number[] = [];
  const look = () => void seen.push((clock.now().getTime() - start.getTime()) / 1000);
  clock.at(addSeconds(start, 30), look);
  clock.at(addSeconds(start, 10), () => {
    look();
    clock.at(addSeconds(start, 20), look);
  });
  const cancel = clock.at(addSeconds(start, 15), look);
  cancel();
  clock.advance(25);
  expect(seen).toEqual([10, 20]);
  clock.advance(5);
  expect(seen).toEqual([10, 20, 30]);
  expect(clock.now()).toEqual(addSeconds(start, 30));
});

test('the test clock calls back soon, not at once, for what is due already', async () => {
  const clock = testClock();
  let called = false;
  clock.at(clock.now(), () => (called = true));
  expect(called).toBe(false);
  await nextTurn();
  expect(called).toBe(true);
});
