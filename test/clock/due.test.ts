import { expect, test } from 'vitest';
import { forgetKeys } from '../../src/clock/due.ts';
import { addSeconds } from '../../src/kernel/clock.ts';
import { withDatabase } from '../support/database.ts';

const database = withDatabase();

test('behaviour 2.8: idempotency keys are removed once their 24 hours are over, in bounded steps, and no sooner', async () => {
  const { prisma, clock } = database();
  const key = (name: string, seconds: number) => ({
    credentialId: 'key',
    mutation: 'm',
    key: name,
    fingerprint: '',
    reply: {},
    expiresAt: addSeconds(clock.now(), seconds),
  });
  const old = Array.from({ length: 6000 }, (_, n) => key(`old ${n}`, -1));
  await prisma.idempotencyKey.createMany({ data: [...old, key('now', 0), key('later', 1)] });
  expect(await forgetKeys(prisma, clock.now())).toBe(true);
  expect(await prisma.idempotencyKey.count()).toBe(1002);
  expect(await forgetKeys(prisma, clock.now())).toBe(false);
  expect(await prisma.idempotencyKey.findMany()).toMatchObject([{ key: 'later' }]);
});
