import { describe, expect, it } from 'vitest';
import { addSeconds } from '../../src/kernel/clock.ts';
import { createStandingSweep, GRANTER_GONE } from '../../src/standing/sweep.ts';
import { eventsOf, refusal, refusedWithoutTrace } from '../support/house.ts';
import { keyFor, withStanding } from './acts.ts';

describe('the end of a standing approval', () => {
  const { scene, act, may, call, clock, lift } = withStanding();
  let actions = 0;
  const granted = async (input: Parameters<typeof may.grant>[1] = {}, by = scene.team.operator) =>
    may.grant((await call('PENDING', { proposedAction: `end ${++actions}` })).id, input, by);
  const sweep = () => createStandingSweep(scene.house.deps).run(clock().now());

  it('comes at once by whoever granted it, with the reason, and is told once', async () => {
    const id = await granted();
    const events = await eventsOf(scene.house, async () => {
      await may.revoke(id, 'enough of it');
      await may.revoke(id, 'again', scene.team.supervisor);
    });
    expect(events).toMatchObject([
      {
        type: 'standing_approval_revoked',
        subjectId: id,
        by: scene.team.operator.actor.id,
        data: { reason: 'enough of it', uses: 0, cost: '0.0000' },
      },
    ]);
    expect(await may.standing(id)).toMatchObject({
      ending: 'REVOKED',
      endedAt: clock().now(),
      endedBy: scene.team.operator.actor,
      endReason: 'enough of it',
    });
  });

  it('comes by a SUPERVISOR, not by another OPERATOR, nor from elsewhere', async () => {
    const id = await granted();
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => may.revoke(id, null, scene.team.colleague));
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => may.revoke(id, null, scene.team.stranger));
    expect(await refusal(may.revoke(scene.house.deps.ids.next('standing')))).toBe('NOT_FOUND');
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => may.revoke(id, 'x'.repeat(20_001)));
    await may.revoke(id, null, scene.team.supervisor);
    expect((await may.standing(id)).ending).toBe('REVOKED');
  });

  it('comes beneath a stop too (7.2)', async () => {
    const id = await granted();
    await scene.house.deps.prisma.project.update({
      where: { id: scene.team.projectId },
      data: { stopId: scene.house.deps.ids.next('stop') },
    });
    await may.revoke(id);
    await lift();
    expect((await may.standing(id)).ending).toBe('REVOKED');
  });

  it('leaves what went through before approved', async () => {
    const proposedAction = `end ${++actions}`;
    const id = await may.grant((await call('PENDING', { proposedAction })).id);
    const sessionId = await scene.act.start();
    const asked = await act.request(sessionId, { proposedAction });
    await may.revoke(id);
    expect((await act.approval(asked)).status).toBe('APPROVED');
    await act.begin(asked);
  });

  it('comes by the clock at its expiry, once, and says when the next one is due', async () => {
    const id = await granted({ expiresAt: addSeconds(clock().now(), 60) });
    const later = await granted({ expiresAt: addSeconds(clock().now(), 90) });
    const [soon, next] = [(await may.standing(id)).expiresAt, (await may.standing(later)).expiresAt];
    expect(await sweep()).toEqual({ again: false, next: soon });
    clock().advance(60);
    const events = await eventsOf(scene.house, async () => {
      expect(await sweep()).toEqual({ again: true, next });
      expect(await sweep()).toEqual({ again: false, next });
    });
    expect(events).toMatchObject([{ type: 'standing_approval_expired', subjectId: id, by: 'system' }]);
    expect(await may.standing(id)).toMatchObject({
      ending: 'EXPIRED',
      endedAt: clock().now(),
      endReason: null,
    });
    expect(await refusal(may.revoke(id))).toBe('EXPIRED');
    clock().advance(30);
    await sweep();
  });

  it.each<[string, (userId: string) => Promise<unknown>]>([
    [
      'their key is revoked',
      (userId) =>
        scene.house.deps.prisma.apiKey.updateMany({ where: { userId }, data: { revokedAt: clock().now() } }),
    ],
    [
      'their key runs out',
      (userId) =>
        scene.house.deps.prisma.apiKey.updateMany({ where: { userId }, data: { expiresAt: clock().now() } }),
    ],
    [
      'their key has a lower role',
      (userId) => scene.house.deps.prisma.apiKey.updateMany({ where: { userId }, data: { role: 'VIEWER' } }),
    ],
    [
      'their key is another project’s',
      async (userId) => {
        const { projectId } = scene.team.stranger;
        await scene.house.deps.prisma.apiKey.updateMany({ where: { userId }, data: { projectId } });
      },
    ],
  ])('comes by the clock where whoever granted it may approve no more: %s', async (_, loses) => {
    const { deps } = scene.house;
    const userId = deps.ids.next('user');
    const actor = { kind: 'USER' as const, id: userId, name: 'passing by', role: 'OPERATOR' as const };
    await deps.prisma.user.create({
      data: {
        id: userId,
        name: 'passing by',
        role: 'OPERATOR',
        projectId: scene.team.projectId,
        createdAt: clock().now(),
      },
    });
    const person = { ...scene.team.operator, actor };
    await keyFor(scene.house, person);
    const proposedAction = `end ${++actions}`;
    const id = await may.grant((await call('PENDING', { proposedAction })).id, {}, person);
    const sessionId = await scene.act.start();
    expect((await act.approval(await act.request(sessionId, { proposedAction }))).status).toBe('APPROVED');
    await loses(userId);
    // Before the clock has come by, nothing goes through any more.
    expect((await act.approval(await act.request(sessionId, { proposedAction }))).status).toBe('PENDING');
    const events = await eventsOf(scene.house, sweep);
    expect(events).toMatchObject([{ type: 'standing_approval_revoked', subjectId: id, by: 'system' }]);
    expect(await may.standing(id)).toMatchObject({ ending: 'REVOKED', endReason: GRANTER_GONE, uses: 1 });
  });

  it('does not come to whom the issuer knows with the role, and does once it does not', async () => {
    const { prisma } = scene.house.deps;
    const { id: userId } = scene.team.manager.actor;
    await prisma.apiKey.deleteMany({ where: { userId } });
    await prisma.user.update({ where: { id: userId }, data: { oidcIssuer: 'https://id', oidcSubject: 'm' } });
    const id = await granted({}, scene.team.manager);
    await sweep();
    expect((await may.standing(id)).ending).toBeNull();
    await prisma.user.update({ where: { id: userId }, data: { role: 'VIEWER' } });
    await sweep();
    expect((await may.standing(id)).ending).toBe('REVOKED');
  });
});
