import { describe, expect, it } from 'vitest';
import type { Role } from '../../src/identity/permissions.ts';
import type { Viewer } from '../../src/identity/viewer.ts';
import { requestIntervention } from '../../src/interventions/request.ts';
import {
  eventsOf,
  heldBeforeWriting,
  openHouse,
  refusal,
  refusedWithoutTrace,
  verbs,
} from '../support/house.ts';
import { option, withHouse } from '../support/with-house.ts';

const { scene, database, clock, asked, intervention } = withHouse();

/** A request of this person's own. */
async function askedBy(viewer: Viewer, more: object = {}): Promise<{ sessionId: string; id: string }> {
  const sessionId = await scene.act.start();
  const { reply } = await requestIntervention(scene.house.deps, viewer, {
    sessionId,
    agentName: 'ada',
    type: 'APPROVAL',
    message: 'may I?',
    ...more,
  });
  return { sessionId, id: reply.interventionId };
}

const options = [option('yes'), option('up', { category: 'ESCALATION' })];

describe('(2.6) who asked', () => {
  it('does not grant it: not by approving, modifying, choosing, in words of their own, nor by resuming', async () => {
    const { act, team, house } = scene;
    for (const person of [team.operator, team.supervisor]) {
      const { sessionId, id } = await askedBy(person, { options });
      const grants: (() => Promise<unknown>)[] = [
        () => act.resolve(id, {}, person),
        () => act.resolve(id, { resolutionType: 'MODIFY', modifications: { a: 1 } }, person),
        () => act.select(id, { optionId: 'yes' }, person),
        () => act.respond(id, { responseType: ' Approve ' }, person),
        () => act.respond(id, { responseType: 'advice' }, person),
        () => act.resume(sessionId, {}, person),
        () => act.resume(sessionId, { optionId: 'yes' }, person),
      ];
      for (const grant of grants) await refusedWithoutTrace(house, 'SELF_APPROVAL', grant);
      expect(await act.resolve(id, {}, team.colleague)).toMatchObject({ resolution: 'APPROVED' });
      await refusedWithoutTrace(house, 'ALREADY_RESOLVED', () => act.resolve(id, {}, person));
    }
  });

  it('refuses, escalates and takes it back as anyone may', async () => {
    const { act, team } = scene;
    const person = team.operator;
    const own = async () => (await askedBy(person, { options })).id;
    expect(await act.resolve(await own(), { resolutionType: 'REJECT' }, person)).toMatchObject({
      resolution: 'REJECTED',
    });
    expect(await act.respond(await own(), { responseType: 'reject' }, person)).toMatchObject({
      resolution: 'REJECTED',
    });
    expect(await act.resolve(await own(), { resolutionType: 'ESCALATE' }, person)).toMatchObject({
      resolution: 'ESCALATED',
    });
    expect(await act.select(await own(), { optionId: 'up' }, person)).toMatchObject({
      resolution: 'ESCALATED',
    });
    const id = await own();
    await act.escalate(id, {}, person);
    await act.cancel(id, 'no longer', person);
    expect(await intervention(id)).toMatchObject({ status: 'CANCELLED', askedBy: person.actor });
  });

  it('does not revive it either, once it has timed out', async () => {
    const { act, team } = scene;
    const { sessionId, id } = await askedBy(team.admin, { timeout: 1 });
    clock().advance(10_000);
    await act.sweep(id);
    expect((await intervention(id)).status).toBe('TIMEOUT');
    await key('ADMIN', async () => {
      expect(await refusal(act.resume(sessionId, {}, team.admin))).toBe('SELF_APPROVAL');
    });
    await act.resume(sessionId, {}, team.admin);
    expect((await intervention(id)).response).toMatchObject({ respondedBy: team.admin.actor });
  });
});

interface KeyMore {
  projectId?: string | null;
  userId?: string;
  expiresAt?: Date;
  revokedAt?: Date;
}

/** While there is this other key. */
async function key(role: Role, work: () => Promise<void>, more: KeyMore = {}): Promise<void> {
  const { prisma, ids, clock } = scene.house.deps;
  const { projectId } = scene.team;
  const createdAt = clock.now();
  const userId = ids.next('user');
  await prisma.user.create({ data: { id: userId, name: 'other', role, projectId, createdAt } });
  const id = ids.next('key');
  const owner = role === 'AGENT' ? {} : { userId };
  await prisma.apiKey.create({
    data: { id, name: 'other', hash: id, role, projectId, createdAt, ...owner, ...more },
  });
  await work();
  await prisma.apiKey.delete({ where: { id } });
}

describe('(2.6) an ADMIN who asked', () => {
  const approves = async (more: object = {}): Promise<string> => {
    const { id } = await askedBy(scene.team.admin, more);
    return scene.act.resolve(id, {}, scene.team.admin).then(
      () => 'granted',
      (error: { code: string }) => error.code,
    );
  };

  it('grants it where nobody else could, which is told as human_override', async () => {
    const { admin } = scene.team;
    const { id } = await askedBy(admin);
    const events = await eventsOf(scene.house, () => scene.act.resolve(id, {}, admin));
    expect(events.filter(({ type }) => type === 'human_override')).toEqual([
      { type: 'human_override', subjectId: id, by: admin.actor.id, data: { override: 'self_approval' } },
    ]);
  });

  it('does not where another key holds the role in this project, or everywhere', async () => {
    await key('OPERATOR', async () => expect(await approves()).toBe('SELF_APPROVAL'));
    await key('ADMIN', async () => expect(await approves()).toBe('SELF_APPROVAL'), { projectId: null });
    const later = new Date(clock().now().getTime() + 1);
    await key('MANAGER', async () => expect(await approves()).toBe('SELF_APPROVAL'), { expiresAt: later });
  });

  it('does where the others hold less, act elsewhere, are revoked or expired, or are the ADMIN in person', async () => {
    const { admin, stranger } = scene.team;
    const now = clock().now();
    await key('AGENT', async () => expect(await approves()).toBe('granted'));
    await key('VIEWER', async () => expect(await approves()).toBe('granted'));
    const elsewhere = { projectId: stranger.projectId };
    await key('ADMIN', async () => expect(await approves()).toBe('granted'), elsewhere);
    await key('ADMIN', async () => expect(await approves()).toBe('granted'), { revokedAt: now });
    await key('ADMIN', async () => expect(await approves()).toBe('granted'), { expiresAt: now });
    await key('ADMIN', async () => expect(await approves()).toBe('granted'), { userId: admin.actor.id });
    await key('OPERATOR', async () => {
      const { id } = await askedBy(admin);
      await scene.act.escalate(id, { level: 3 }, admin);
      await scene.act.resolve(id, {}, admin);
    });
  });

  it('does not where a person known of the issuer holds the role', async () => {
    const { prisma, ids, clock } = scene.house.deps;
    const person = {
      id: ids.next('user'),
      name: 'of the issuer',
      projectId: scene.team.projectId,
      oidcIssuer: 'https://issuer.example',
      oidcSubject: 's',
      createdAt: clock.now(),
    };
    await prisma.user.create({ data: { ...person, role: 'VIEWER' } });
    expect(await approves()).toBe('granted');
    await prisma.user.update({ where: { id: person.id }, data: { role: 'OPERATOR' } });
    expect(await approves()).toBe('SELF_APPROVAL');
    await prisma.user.delete({ where: { id: person.id } });
  });

  it('is not looked for where an agent asked, nor for whom it could not help', async () => {
    const { deps } = scene.house;
    let looks = 0;
    const prisma = new Proxy(deps.prisma, {
      get(target, name) {
        if (name === 'apiKey' || name === 'user') looks += 1;
        return Reflect.get(target, name, target) as unknown;
      },
    });
    const act = verbs({ ...scene.house, deps: { ...deps, prisma } }, scene.team);
    await act.resolve((await asked()).id, {}, scene.team.admin);
    const { id } = await askedBy(scene.team.manager);
    expect(await refusal(act.resolve(id, {}, scene.team.manager))).toBe('SELF_APPROVAL');
    expect(looks).toBe(0);
  });
});

describe('(2.6) between the look and the write', () => {
  /** The ADMIN's answer to a request of their own; `meanwhile` happens once it has been looked and decided. */
  async function held(meanwhile: (id: string) => Promise<unknown>): Promise<string> {
    const { admin } = scene.team;
    const { id } = await askedBy(admin);
    const slow = heldBeforeWriting(
      database(),
      async (writes) => void (writes === 0 && (await meanwhile(id))),
    );
    return verbs(openHouse(slow, clock()), scene.team)
      .resolve(id, {}, admin)
      .then(
        () => 'granted',
        (error: { code: string }) => error.code,
      );
  }

  it('another person’s answer wins', async () => {
    expect(await held((id) => scene.act.resolve(id))).toBe('ALREADY_RESOLVED');
  });

  it('a key that is made comes too late', async () => {
    const { prisma } = scene.house.deps;
    const made = () =>
      prisma.apiKey.create({
        data: { id: 'key_late', name: 'late', hash: 'late', role: 'ADMIN', createdAt: clock().now() },
      });
    expect(await held(made)).toBe('granted');
    await prisma.apiKey.delete({ where: { id: 'key_late' } });
  });

  it('an escalation asks for more than was looked for, which nobody else holds either', async () => {
    expect(await held((id) => scene.act.escalate(id, { level: 2 }))).toBe('granted');
  });
});
