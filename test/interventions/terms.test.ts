import { describe, expect, it } from 'vitest';
import type { Intervention } from '../../src/generated/prisma/client.ts';
import { defaultTerms } from '../../src/interventions/terms.ts';
import { seconds } from '../support/house.ts';
import { option, withHouse } from '../support/with-house.ts';
import { terms } from './item.ts';

const { scene, clock, asked, intervention } = withHouse();

const fixedFields = [
  'terms',
  'timeout',
  'autoContinue',
  'asyncMode',
  'options',
  'responseSchema',
  'type',
  'urgency',
  'message',
  'context',
  'agentName',
  'askedBy',
  'createdAt',
] as const;
/** What was fixed when it was asked. */
const fixed = (row: Intervention) => fixedFields.map((field) => row[field]);

describe('the terms of a request', () => {
  it('are on it from the beginning, and nothing that happens to it moves them (4.14)', async () => {
    const { sessionId, id } = await asked({ options: [option('a', { disabled: true }), option('b')] });
    const before = await intervention(id);
    expect(before.terms).toEqual(defaultTerms.terms);
    await scene.act.claim(id);
    await scene.act.escalate(id);
    clock().advance(601);
    await scene.act.sweep(id);
    await scene.act.resume(sessionId, { optionId: 'a' }, scene.team.admin);
    const after = await intervention(id);
    expect(after.status).toBe('RESOLVED');
    expect(fixed(after)).toEqual(fixed(before));
  });

  it('hold for it alone: one asked on other terms goes by its own, whatever holds for those asked now (4.14)', async () => {
    const { id } = await asked();
    const levels = [
      { role: 'MANAGER' as const, timeout: 50 },
      { role: 'ADMIN' as const, timeout: 70 },
    ];
    // As it would stand had the team's terms been these when it was asked.
    await scene.house.deps.prisma.intervention.update({
      where: { id },
      data: { terms: terms(levels, { after: 310 }) },
    });
    const { id: later } = await asked();
    clock().advance(310);
    await scene.act.sweep(id);
    await scene.act.sweep(later);
    const own = await intervention(id);
    expect(own).toMatchObject({ escalationLevel: 1, requiredRole: 'MANAGER' });
    expect(seconds(own.createdAt, own.expiresAt)).toBe(360);
    expect(await intervention(later)).toMatchObject({ escalationLevel: 0, requiredRole: 'OPERATOR' });
    clock().advance(120);
    await scene.act.sweep(id);
    expect(await intervention(id)).toMatchObject({ status: 'TIMEOUT', escalationLevel: 2 });
  });
});
