import { expect, test } from 'vitest';
import { withinTime } from '../../src/kernel/within-time.ts';

/** The thread stands still, as where the machine is busy with others: time passes, and nothing is worked. */
const standStill = (milliseconds: number) =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
const work = (milliseconds: number) => {
  for (
    const end = process.threadCpuUsage().user / 1_000 + milliseconds;
    process.threadCpuUsage().user / 1_000 < end;
  );
};

test('what is worked at for longer is broken off', () => {
  const slow = () => {
    for (;;);
  };
  expect(() => withinTime(60, slow)).toThrow('it took longer than 60 ms');
  expect(withinTime(60, () => 'at once')).toBe('at once');
});

test('what the machine had no time for is begun again, without what was begun of it', () => {
  let begun = 0;
  const told: number[] = [];
  const answer = withinTime(
    1_000,
    () => {
      begun += 1;
      if (begun < 3) standStill(30_000);
      work(5);
      return begun;
    },
    () => told.push(begun),
  );
  expect({ answer, told }).toEqual({ answer: 3, told: [1, 2] });
});

test('what never gets its time is given up', () => {
  let begun = 0;
  const never = () => {
    begun += 1;
    standStill(5_000);
  };
  expect(() => withinTime(30, never)).toThrow('it took longer than 30 ms');
  expect(begun).toBe(4);
});
