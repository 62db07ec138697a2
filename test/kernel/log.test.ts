import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { createLog } from '../../src/kernel/log.ts';

async function logged(object: object): Promise<Record<string, any>> {
  const lines = new PassThrough();
  createLog('info', lines).info(object, 'said');
  lines.end();
  return JSON.parse(await text(lines)) as Record<string, any>;
}

test('an error is logged with its own scalars, and nothing that hangs on it', async () => {
  const cause = new Error('inside');
  const client = { parsedStatements: { a: 'SELECT secret' }, password: 'hunter2' };
  const error = Object.assign(new Error('lost', { cause }), { code: '57P01', fatal: true, client });
  const { err } = await logged({ err: error });
  expect(err).toMatchObject({
    type: 'Error',
    code: '57P01',
    fatal: true,
    message: expect.stringMatching(/^lost/),
  });
  expect(err.stack).toContain('inside');
  expect(JSON.stringify(err)).not.toMatch(/SELECT|hunter2/);
  const many = await logged({ err: new AggregateError([error, new Error('other')], 'both') });
  expect(many.err.aggregateErrors).toHaveLength(2);
  expect(JSON.stringify(many)).not.toMatch(/SELECT|hunter2/);
});

test('credentials are not logged, whatever object is', async () => {
  const { headers, secret } = await logged({ headers: { authorization: 'Bearer x' }, secret: 'y' });
  expect([headers.authorization, secret]).toEqual(['…', '…']);
});
