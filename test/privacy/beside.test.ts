import { beforeEach, describe, expect, it } from 'vitest';
import { cancelApproval } from '../../src/approvals/cancel.ts';
import { requestBudgetOverride } from '../../src/approvals/request-override.ts';
import { respondToApproval } from '../../src/approvals/respond.ts';
import { triggerEmergencyStop } from '../../src/emergency/trigger.ts';
import { readUnsealed, seal } from '../../src/events/seal.ts';
import { verifyLog } from '../../src/events/verify.ts';
import type { Viewer } from '../../src/identity/viewer.ts';
import { canonicalJson, type Json, sha256 } from '../../src/kernel/json.ts';
import { erasePerson } from '../../src/privacy/erase-person.ts';
import { exportPerson } from '../../src/privacy/export-person.ts';
import { reveal } from '../../src/privacy/reveal.ts';
import { idsIn } from '../../src/privacy/tokens.ts';
import { cancelSession } from '../../src/sessions/end.ts';
import { withRecovery } from '../recovery/house.ts';
import { noEnvironment } from '../../src/supervision/from-environment.ts';
import { updateSupervision } from '../../src/supervision/update.ts';
import { keyFor, standingActs } from '../standing/acts.ts';
import { eachTimeFurther } from '../support/cut.ts';
import { refusal } from '../support/house.ts';

// What people say of stops, recoveries and budgets belongs to no session, and is looked at all the same (8.8).

const { scene, fresh, database } = withRecovery();
beforeEach(fresh);

const MAIL = 'jo.kern@nordwind-versand.de';
const MASK = /^(.*)\[masked:[0-9a-hjkmnp-tv-z]{26}\](.*)$/s;
const prisma = () => database().prisma;
const deps = () => scene.house.deps;
/** As somebody sees it who may see everything. */
const seen = <T>(value: T): Promise<T> => reveal(deps(), scene.team.projectId, value);
const kept = () => prisma().sealedValue.findMany({ where: { projectId: scene.team.projectId } });

/** Everything stored of the project but what is encrypted. */
async function stored(): Promise<string> {
  const where = { where: { projectId: scene.team.projectId } };
  const rows = [
    await prisma().session.findMany(where),
    await prisma().task.findMany(where),
    await prisma().approval.findMany({ ...where, include: { votes: true } }),
    await prisma().emergencyStop.findMany(where),
    await prisma().recoverySession.findMany({ ...where, include: { steps: true } }),
    await prisma().standingApproval.findMany(where),
    await prisma().unsealedEvent.findMany(where),
    await prisma().event.findMany(where),
  ];
  return JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}
const events = (type: string) =>
  prisma().unsealedEvent.findMany({
    where: { projectId: scene.team.projectId, type },
    orderBy: { sequence: 'asc' },
  });
const override = async (by: Viewer, justification: string, idempotencyKey?: string) =>
  (
    await requestBudgetOverride(deps(), by, {
      projectId: scene.team.projectId,
      limitType: 'COST_DAILY',
      requestedAmount: '10',
      justification,
      idempotencyKey: idempotencyKey ?? null,
    })
  ).reply.approvalId;
const approval = (id: string) =>
  prisma().approval.findUniqueOrThrow({ where: { id }, include: { votes: true } });
const stop = (by: Viewer, reason: string) =>
  triggerEmergencyStop(scene.house.emergency, by, {
    projectId: scene.team.projectId,
    reason,
    severity: 'CRITICAL',
  });

describe('what is said of a budget (8.8)', () => {
  it('is encrypted as far as the finding reaches, and the digest is of what was said', async () => {
    const id = await override(scene.team.operator, `for ${MAIL} alone`, 'once');
    const row = await approval(id);
    const { justification } = row.proposal as { justification: string };
    expect(justification).toMatch(MASK);
    expect(MASK.exec(justification)!.slice(1)).toEqual(['for ', ' alone']);
    const said = await seen(row.proposal as Json);
    expect(said).toMatchObject({ justification: `for ${MAIL} alone` });
    expect(row.digest).toBe(sha256(canonicalJson(said)));
    expect(await stored()).not.toContain(MAIL);
    expect(await kept()).toMatchObject([{ sessionId: null, saidById: scene.team.operator.actor.id }]);
    // The same request once more is answered as before, and keeps nothing more.
    expect(await override(scene.team.operator, `for ${MAIL} alone`, 'once')).toBe(id);
    expect(await kept()).toHaveLength(1);
  });

  it('is encrypted in a vote’s reason and a cancelling’s, wherever they go; refused, it leaves nothing', async () => {
    const { supervisor, operator } = scene.team;
    const id = await override(operator, 'more work');
    const vote = { verdict: 'REJECT' as const, reason: `ask ${MAIL}` };
    await respondToApproval(deps(), supervisor, id, vote);
    const row = await approval(id);
    expect(row.rejectionReason).toMatch(MASK);
    expect(row.votes[0]!.reason).toBe(row.rejectionReason);
    expect(await seen(row.rejectionReason)).toBe(`ask ${MAIL}`);
    for (const type of ['approval_voted', 'approval_resolved'])
      expect((await events(type))[0]!.data).toMatchObject({ reason: row.rejectionReason });
    // The same vote once more is the first one, and keeps nothing.
    await respondToApproval(deps(), supervisor, id, vote);
    expect(await refusal(respondToApproval(deps(), scene.team.manager, id, vote))).toBe('ALREADY_RESOLVED');
    expect(await kept()).toHaveLength(1);

    const other = await override(operator, 'more work');
    await cancelApproval(deps(), operator, other, `${MAIL} said no`);
    expect((await approval(other)).rejectionReason).toMatch(MASK);
    expect((await approval(other)).settledById).toBe(operator.actor.id);
    expect(await refusal(cancelApproval(deps(), operator, other, `${MAIL} again`))).toBe('CANCELLED');
    expect(await kept()).toHaveLength(2);
    expect(await stored()).not.toContain(MAIL);
  });

  it('stays as it is where nothing is found in it, and costs no statement more', async () => {
    const id = await override(scene.team.operator, 'three more runs of the nightly build');
    expect((await approval(id)).proposal).toMatchObject({
      justification: 'three more runs of the nightly build',
    });
    expect(await kept()).toEqual([]);
  });
});

describe('the reason of a stop (8.8)', () => {
  it('is encrypted in the stop, its event, the calls that it cancelled and what recovers from it', async () => {
    const { team, act, call, recover } = scene;
    const sessionId = await act.start();
    const begun = await call.request(sessionId);
    await call.vote(begun);
    const { id, stopReason } = await stop(team.operator, `${MAIL} is leaking`);
    expect(stopReason).toMatch(MASK);
    expect(await seen(stopReason)).toBe(`${MAIL} is leaking`);
    expect((await events('emergency_stop_triggered'))[0]!.data).toMatchObject({ reason: stopReason });
    expect((await approval(begun)).rejectionReason).toBe(`emergency stop: ${stopReason}`);
    const { recoveryId } = await recover.initiate();
    expect((await recover.read(recoveryId)).assessment).toMatchObject({ stop: { id, reason: stopReason } });
    expect(await stored()).not.toContain(MAIL);
    // Nothing of it is said anew: the stop that is in force is answered with, and what was kept for it is taken back.
    expect((await stop(team.operator, `${MAIL} again`)).stopReason).toBe(stopReason);
    expect(await kept()).toHaveLength(1);
    await cancelSession(deps(), team.agent, sessionId, null);
  });

  it('stands in the event of a stop that it widens', async () => {
    await scene.recover.stop(['ERROR_RATE_HIGH']);
    await stop(scene.team.operator, `and ${MAIL}`);
    const [widened] = await events('emergency_stop_widened');
    expect((widened!.data as { reason: string }).reason).toMatch(MASK);
    expect(await seen(widened!.data)).toMatchObject({ reason: `and ${MAIL}` });
  });

  it('holds no stop up: what cannot be kept, or not be looked through in time, stays masked', async () => {
    const { emergency } = scene.house;
    const broken = {
      ...emergency,
      vault: { ...emergency.vault, keepAhead: () => Promise.reject(new Error('the key is missing')) },
    };
    const input = { projectId: scene.team.projectId, severity: 'HIGH' as const };
    const first = await triggerEmergencyStop(broken, scene.team.operator, { ...input, reason: `of ${MAIL}` });
    expect(first.stopReason).toMatch(MASK);
    expect(await seen(first.stopReason)).toBe(first.stopReason);
    await fresh();
    const asked: (number | undefined)[] = [];
    const { takeOut } = emergency.privacy;
    const privacy: typeof emergency.privacy = {
      ...emergency.privacy,
      takeOut(of, words, within) {
        asked.push(within);
        return takeOut(of, words, within);
      },
    };
    await triggerEmergencyStop({ ...emergency, privacy }, scene.team.operator, {
      ...input,
      projectId: scene.team.projectId,
      reason: 'x',
    });
    expect(asked).toEqual([1_000]);
  });

  it('of a project that is another’s, or none, is refused and kept nowhere', async () => {
    const { stranger } = scene.team;
    expect(await refusal(stop(stranger, `of ${MAIL}`))).toBe('NOT_FOUND');
    const input = { projectId: 'project_none', reason: `of ${MAIL}`, severity: 'HIGH' as const };
    const everywhere = { ...scene.team.admin, projectId: null };
    expect(await refusal(triggerEmergencyStop(scene.house.emergency, everywhere, input))).toBe('NOT_FOUND');
    expect(await kept()).toEqual([]);
    expect(await prisma().dataKey.count({ where: { projectId: 'project_none' } })).toBe(0);
  });
});

describe('what is said of a recovery (8.8)', () => {
  it('is encrypted in a step’s note, why it was not allowed, and why it was given up', async () => {
    const { team, recover } = scene;
    await recover.stop();
    const recoveryId = await recover.begun('MANUAL');
    const first = (await recover.current(recoveryId))!;
    const asked = await recover.execute(recoveryId, first.id, `I asked ${MAIL}`);
    const pending = await approval(asked.approvalId!);
    expect((pending.proposal as { note: string }).note).toMatch(MASK);
    expect(pending.digest).toBe(sha256(canonicalJson(await seen(pending.proposal as Json))));
    await recover.vote(pending.id, { verdict: 'REJECT', reason: `not by ${MAIL}` });
    const rejected = (await recover.read(recoveryId)).steps[0]!;
    expect(rejected.error).toMatch(/^rejected: not by \[masked:/);
    expect(await seen(rejected.error)).toBe(`rejected: not by ${MAIL}`);

    const done = await recover.take(recoveryId, `done with ${MAIL}`);
    expect(done.status).toBe('COMPLETED');
    expect((done.result as { note: string }).note).toMatch(MASK);
    expect(await seen(done.result)).toMatchObject({ note: `done with ${MAIL}` });

    const second = (await recover.current(recoveryId))!;
    const { approvalId } = await recover.execute(recoveryId, second.id, 'next');
    await recover.cancel(recoveryId, `${MAIL} takes over`);
    const [ended] = await events('recovery_ended');
    expect((ended!.data as { reason: string }).reason).toMatch(MASK);
    const cancelled = await approval(approvalId!);
    expect(await seen(cancelled.rejectionReason)).toBe(`${MAIL} takes over`);
    expect(cancelled.settledById).toBe(team.manager.actor.id);
    expect(await stored()).not.toContain(MAIL);
    const tokens = idsIn(await stored());
    expect((await kept()).map(({ id }) => id).sort()).toEqual([...tokens].sort());
  });

  it('of a recovery that is none is refused', async () => {
    const { recover, team } = scene;
    expect(await refusal(recover.execute('recovery_none', 'step_none', `of ${MAIL}`))).toBe('NOT_FOUND');
    expect(await refusal(recover.cancel('recovery_none', `of ${MAIL}`, team.manager))).toBe('NOT_FOUND');
  });
});

describe('why a standing approval is granted and revoked (8.8)', () => {
  it('is encrypted as its team wants it', async () => {
    const { team, act, call } = scene;
    const may = standingActs(scene.house, team);
    await keyFor(scene.house, team.operator);
    const sessionId = await act.start();
    const id = await may.grant(await call.request(sessionId), { reason: `every day for ${MAIL}` });
    await may.revoke(id, `no more for ${MAIL}`);
    const row = await may.standing(id);
    expect(row.reason).toMatch(MASK);
    expect(await seen(row.reason)).toBe(`every day for ${MAIL}`);
    expect(await seen(row.endReason)).toBe(`no more for ${MAIL}`);
    expect((await events('standing_approval_created'))[0]!.data).toMatchObject({ reason: row.reason });
    expect((await events('standing_approval_revoked'))[0]!.data).toMatchObject({ reason: row.endReason });
    expect(await stored()).not.toContain(MAIL);
    const tokens = idsIn(await stored());
    expect((await kept()).map((value) => value.id).sort()).toEqual([...tokens].sort());

    const [plain, refused] = [await call.request(sessionId), await call.request(sessionId)];
    await updateSupervision(
      { ...deps(), database: deps(), supervisionEnvironment: noEnvironment },
      team.admin,
      team.teamId,
      JSON.stringify({ human_supervision: { privacy: { encrypt_findings: false } } }),
    );
    expect(await may.standing(await may.grant(plain, { reason: `of ${MAIL}` }))).toMatchObject({
      reason: `of ${MAIL}`,
    });
    const before = await kept();
    await updateSupervision(
      { ...deps(), database: deps(), supervisionEnvironment: noEnvironment },
      team.admin,
      team.teamId,
      '{}',
    );
    expect(await refusal(may.grant(refused, { reason: `of ${MAIL}` }, team.viewer))).toBe('FORBIDDEN');
    expect(await kept()).toEqual(before);
    await cancelSession(deps(), team.agent, sessionId, null);
  });
});

describe('the data of one person, beside sessions (8.8)', () => {
  const mine = (what: string) => `mine: ${what} of ${MAIL}`;
  async function sealAll() {
    for (let rows = await readUnsealed(database().query, 500, new Set()); rows.length > 0; ) {
      await seal(database().query, rows);
      rows = await readUnsealed(database().query, 500, new Set());
    }
  }
  /** A stop and a recovery of the manager's, with somebody else's vote in it. */
  async function aDay() {
    const { team, act, call, recover } = scene;
    const { manager } = team;
    const asked = await override(manager, mine('justification'));
    await respondToApproval(deps(), team.admin, asked, { verdict: 'REJECT', reason: 'theirs: too much' });
    const voted = await override(team.operator, 'theirs: more');
    await respondToApproval(deps(), manager, voted, { verdict: 'REJECT', reason: mine('rejection') });
    const sessionId = await act.start();
    const cancelled = await call.request(sessionId);
    await call.vote(cancelled);
    await stop(manager, mine('stop'));
    const recoveryId = await recover.begun('MANUAL');
    const done = await recover.take(recoveryId, mine('note'));
    const step = (await recover.current(recoveryId))!;
    const { approvalId } = await recover.execute(recoveryId, step.id, mine('second note'));
    await recover.vote(approvalId!, { verdict: 'REJECT', reason: 'theirs: not so' });
    const again = await recover.execute(recoveryId, step.id, 'theirs: I do', team.admin);
    await recover.vote(again.approvalId!, { verdict: 'REJECT', reason: mine('step') }, manager);
    await cancelSession(deps(), team.agent, sessionId, null);
    await sealAll();
    return { asked, voted, cancelled, recoveryId, done, step };
  }

  it('is exported and erased, with what stops and recoveries repeat of it; killed in between, too', async () => {
    const { team } = scene;
    const me = team.manager.actor.id;
    const { voted, cancelled, recoveryId, step } = await aDay();
    const configuration = { id: deps().ids.next('sealed'), projectId: team.projectId };
    const value = { ...configuration, sessionId: null, saidById: null, value: 'a configuration’s secret' };
    await deps().vault.keepAhead([value]);
    const exported = JSON.stringify((await exportPerson(deps(), team.admin, me, { first: 1_000 })).records);
    for (const what of ['justification', 'rejection', 'stop', 'note', 'second note', 'step'])
      expect(exported, what).toContain(mine(what));

    const erasing = { ...deps(), database: database() };
    // Broken off after each statement in turn, and gone on with by the next call.
    await eachTimeFurther(prisma(), (cut) => erasePerson({ ...erasing, prisma: cut }, team.admin, me));
    const broken = { ...erasing, vault: { drop: () => Promise.reject(new Error('the process is killed')) } };
    expect((await kept()).length).toBe(1);
    await deps().vault.keepAhead([{ ...value, id: deps().ids.next('sealed'), saidById: me }]);
    await expect(erasePerson(broken, team.admin, me)).rejects.toThrow('killed');
    await erasePerson(erasing, team.admin, me);
    const text = await stored();
    expect(text).not.toContain('mine:');
    for (const what of ['too much', 'more', 'not so', 'I do'])
      expect(text, what).toContain(`theirs: ${what}`);
    expect((await approval(voted)).rejectionReason).toBeNull();
    expect((await approval(cancelled)).rejectionReason).toBe('emergency stop: [erased]');
    const recovery = await scene.recover.read(recoveryId);
    expect(recovery.assessment).toMatchObject({
      stop: { reason: '[erased]', triggeredBy: { name: 'erased' } },
    });
    expect(recovery.steps.find(({ id }) => id === step.id)!.error).toBe('rejected: [erased]');
    expect(await kept()).toMatchObject([configuration]);
    expect((await verifyLog(prisma())).fault).toBeNull();
  });
});
