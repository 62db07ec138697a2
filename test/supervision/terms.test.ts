import { describe, expect, it } from 'vitest';
import { requestBudgetOverride } from '../../src/approvals/request-override.ts';
import { defaultTerms } from '../../src/interventions/terms.ts';
import { noEnvironment } from '../../src/supervision/from-environment.ts';
import { updateSupervision } from '../../src/supervision/update.ts';
import { approvalActs } from '../approvals/acts.ts';
import {
  heldBeforeWriting,
  openHouse,
  refusal,
  refusedWithoutTrace,
  seconds,
  seedTeam,
  verbs,
  type House,
  type Team,
} from '../support/house.ts';
import { withHouse, withTwoHouses } from '../support/with-house.ts';

const setting =
  ({ deps }: House, team: Team) =>
  (yaml: string) =>
    updateSupervision(
      { ...deps, database: deps, supervisionEnvironment: noEnvironment },
      team.admin,
      team.teamId,
      yaml,
    );
const global = (settings: string) => `human_supervision: {global: {${settings}}}`;

const { scene, clock, intervention, session } = withHouse();

/** A team of its own, with the verbs in it. */
async function desk(yaml?: string) {
  const team = await seedTeam(scene.house);
  const act = {
    ...verbs(scene.house, team),
    ...approvalActs(scene.house, team),
    set: setting(scene.house, team),
  };
  if (yaml !== undefined) await act.set(yaml);
  return { team, act, asked: async (input = {}) => act.ask(await act.start(), input) };
}

describe('a request of a team with a configuration', () => {
  it('has the defaults where it says nothing, but climbs when the first window ends (4.8, 4.9)', async () => {
    const { asked } = await desk('human_supervision: {}');
    const row = await intervention(await asked());
    expect(row).toMatchObject({ timeout: 300, autoContinue: false, asyncMode: false });
    expect(row.terms).toEqual({
      ...defaultTerms.terms,
      escalation: { ...defaultTerms.terms.escalation, after: null },
    });
    const { asked: askedThere, act } = await desk();
    await act.set('# nothing');
    expect((await intervention(await askedThere())).terms).toEqual(defaultTerms.terms);
  });

  it('is held to the timeline of its numbers (4.8)', async () => {
    const { asked, act } = await desk(
      global('timeout: 180, escalation_timeout: 300, max_escalation_levels: 2'),
    );
    const id = await asked();
    const start = clock().now();
    const standing = async (after: number) => {
      clock().advance(after - seconds(start, clock().now())!);
      await act.sweep(id);
      const { status, escalationLevel, requiredRole, expiresAt } = await intervention(id);
      return [status, escalationLevel, requiredRole, seconds(start, expiresAt)];
    };
    expect(await standing(0)).toEqual(['PENDING', 0, 'OPERATOR', 180]);
    expect(await standing(180)).toEqual(['PENDING', 0, 'OPERATOR', 300]);
    expect(await standing(300)).toEqual(['PENDING', 1, 'SUPERVISOR', 600]);
    expect(await standing(600)).toEqual(['PENDING', 2, 'MANAGER', 900]);
    expect(await standing(899)).toEqual(['PENDING', 2, 'MANAGER', 900]);
    expect(await standing(900)).toEqual(['TIMEOUT', 2, 'MANAGER', null]);
  });

  it('continues by itself where the team says so, and its request does not say otherwise (4.10)', async () => {
    const { asked, act } = await desk(global('timeout: 120, auto_continue: true'));
    const [id, own] = [await asked(), await asked({ autoContinue: false })];
    clock().advance(120);
    await act.sweep(id);
    await act.sweep(own);
    expect(await intervention(id)).toMatchObject({ status: 'RESOLVED', resolution: 'AUTO_CONTINUE' });
    expect(await intervention(own)).toMatchObject({ status: 'PENDING', escalationLevel: 1 });
  });

  it('does not climb by itself where escalation is off, and by hand it does (4.8, 4.11)', async () => {
    const { asked, act } = await desk(global('timeout: 240, escalation_enabled: false'));
    const [id, raised] = [await asked(), await asked()];
    await act.escalate(raised);
    clock().advance(240);
    await act.sweep(id);
    expect(await intervention(id)).toMatchObject({ status: 'TIMEOUT', escalationLevel: 0 });
    expect(await intervention(raised)).toMatchObject({ status: 'PENDING', escalationLevel: 1 });
  });

  it('has as many levels as the team says, and none where it says none (4.11)', async () => {
    const one = await desk(global('max_escalation_levels: 1'));
    const id = await one.asked();
    await one.act.escalate(id);
    expect(await refusal(one.act.escalate(id, { reason: 'more' }))).toBe('ESCALATION_EXHAUSTED');
    const none = await desk(global('timeout: 10, max_escalation_levels: 0'));
    const flat = await none.asked();
    expect(await refusal(none.act.escalate(flat))).toBe('ESCALATION_EXHAUSTED');
    clock().advance(10);
    await none.act.sweep(flat);
    const row = await intervention(flat);
    expect(row).toMatchObject({ status: 'TIMEOUT', escalationLevel: 0 });
    expect((await session(row.sessionId)).status).toBe('TIMEOUT');
  });

  it('has its own terms for each type, and for each agent (4.8, 4.11)', async () => {
    const { asked, act } = await desk(`human_supervision:
  global: {timeout: 60, escalation_timeout: 90}
  async_execution: {default_mode: async}
  intervention_types:
    decision: {timeout: 180, escalation_timeout: 300, async_mode: false, escalation_levels: [{role: supervisor, timeout: 300}, {role: manager, timeout: 600}]}
    follow_up: {timeout: 120, auto_continue: true, escalation_enabled: false}
agents: [{name: calm, human_supervision: {escalation_enabled: false}}]
`);
    const terms = async (input: object) => {
      const row = await intervention(await asked(input));
      const { automatic, after, levels } = (row.terms as any).escalation;
      const windows = levels.map(({ role, timeout }: any) => `${role} ${timeout}`);
      return [row.timeout, row.autoContinue, row.asyncMode, automatic, after, windows];
    };
    const standing = ['SUPERVISOR 90', 'MANAGER 90', 'ADMIN 90'];
    expect(await terms({ type: 'DECISION' })).toEqual([
      180,
      false,
      false,
      true,
      300,
      ['SUPERVISOR 300', 'MANAGER 600'],
    ]);
    expect(await terms({ type: 'FOLLOW_UP' })).toEqual([120, true, true, false, 90, standing]);
    expect(await terms({ type: 'APPROVAL' })).toEqual([60, false, true, true, 90, standing]);
    expect(await terms({ type: 'APPROVAL', agentName: 'calm' })).toEqual([
      60,
      false,
      true,
      false,
      90,
      standing,
    ]);
    const id = await asked({ type: 'DECISION' });
    await act.escalate(id, { reason: 'one', level: 2 });
    expect(await intervention(id)).toMatchObject({ escalationLevel: 2, requiredRole: 'MANAGER' });
    expect(await refusal(act.escalate(id, { reason: 'two' }))).toBe('ESCALATION_EXHAUSTED');
  });

  it('is reminded of, in the working hours of its type, as often as its chain begins again (8.1)', async () => {
    const { asked, act } = await desk(`human_supervision:
  global: {timeout: 7200, reminders: [0.9, 0.5], repeat: 1, max_escalation_levels: 1, escalation_timeout: 7200}
  intervention_types:
    follow_up: {reminders: [], working_hours: {time_zone: Pacific/Auckland, days: [mon, sat], from: "09:00", until: "24:00"}}
`);
    const id = await asked({ type: 'DECISION' });
    const start = clock().now();
    const seen = async (after: number) => {
      clock().advance(after - seconds(start, clock().now())!);
      await act.sweep(id);
      const { reminded, escalationLevel, expiresAt, dueAt } = await intervention(id);
      return [reminded, escalationLevel, seconds(start, expiresAt), seconds(start, dueAt)];
    };
    expect(await seen(0)).toEqual([0, 0, 7200, 3600]);
    expect(await seen(3600)).toEqual([1, 0, 7200, 6480]);
    expect(await seen(6480)).toEqual([2, 0, 7200, 7200]);
    expect(await seen(7200)).toEqual([0, 1, 14400, 10800]);
    expect(await seen(14400)).toEqual([0, 1, 21600, 18000]);
    clock().advance(7200);
    await act.sweep(id);
    expect((await intervention(id)).status).toBe('TIMEOUT');
    const events = await scene.house.deps.prisma.$queryRaw<{ type: string }[]>`
      SELECT type FROM unsealed_events WHERE subject_id = ${id} ORDER BY sequence`;
    expect(events.map(({ type }) => type)).toEqual([
      'intervention_requested',
      'intervention_reminder',
      'intervention_reminder',
      'timeout_occurred',
      'escalation_triggered',
      'timeout_occurred',
      'escalation_triggered',
      'timeout_occurred',
    ]);
    const { terms } = await intervention(await asked({ type: 'FOLLOW_UP' }));
    expect((terms as any).escalation).toMatchObject({
      reminders: [],
      repeat: 1,
      hours: { timeZone: 'Pacific/Auckland', days: [1, 6], from: '09:00', until: '24:00' },
    });
  });

  it('runs async by itself only where async execution is on (3.3)', async () => {
    const { asked } = await desk(
      'human_supervision: {async_execution: {enabled: false, default_mode: async}}',
    );
    expect(await intervention(await asked())).toMatchObject({ asyncMode: false });
  });

  it('wants a reasoning where its type does, however it is answered (4.5)', async () => {
    const { asked, act } = await desk(
      `human_supervision: {intervention_types: {decision: {ui_config: {require_reason: true}}}}
agents: [{name: free, human_supervision: {ui_config: {require_reason: false}}}]`,
    );
    const options = [{ id: 'go', label: 'Go', description: '', value: 'go' }];
    const id = await asked({ type: 'DECISION', options });
    expect(await refusal(act.resolve(id, { resolutionType: 'APPROVE' }))).toBe('REASON_REQUIRED');
    expect(await refusal(act.resolve(id, { resolutionType: 'REJECT', reasoning: ' ' }))).toBe(
      'REASON_REQUIRED',
    );
    expect(await refusal(act.select(id, { optionId: 'go' }))).toBe('REASON_REQUIRED');
    expect(await refusal(act.respond(id, { responseText: '', responseType: 'approve' }))).toBe(
      'REASON_REQUIRED',
    );
    expect((await intervention(id)).status).toBe('PENDING');
    await act.respond(id, { responseText: 'because', responseType: 'approve' });
    expect(await intervention(id)).toMatchObject({ status: 'RESOLVED', resolution: 'APPROVED' });
    for (const input of [{ type: 'FOLLOW_UP' }, { type: 'DECISION', agentName: 'free' }]) {
      const other = await asked({ ...input, options });
      await act.select(other, { optionId: 'go' });
      expect((await intervention(other)).status).toBe('RESOLVED');
    }
  });

  it('has the defaults where supervision is switched off (4.9)', async () => {
    const { asked } = await desk('human_supervision: {enabled: false, global: {timeout: 5}}');
    const row = await intervention(await asked());
    expect([row.timeout, row.terms]).toEqual([300, defaultTerms.terms]);
  });

  it('keeps its terms when they change, and the next one has the new (4.14)', async () => {
    const { asked, act } = await desk();
    const first = await asked();
    await act.set(global('timeout: 60, auto_continue: true, escalation_timeout: 70'));
    const second = await asked();
    await act.set('');
    const third = await asked();
    const terms = async (id: string) => {
      const { timeout, autoContinue, terms: fixed } = await intervention(id);
      return [timeout, autoContinue, (fixed as any).escalation.after];
    };
    expect(await terms(first)).toEqual([300, false, 600]);
    expect(await terms(second)).toEqual([60, true, 70]);
    expect(await terms(third)).toEqual([300, false, 600]);
    clock().advance(60);
    await act.sweep(first);
    await act.sweep(second);
    expect((await intervention(first)).status).toBe('PENDING');
    expect((await intervention(second)).resolution).toBe('AUTO_CONTINUE');
  });

  it("is the team's own: another team of the project goes by its own numbers", async () => {
    const { team } = await desk(global('timeout: 11'));
    const { deps } = scene.house;
    const other = deps.ids.next('team');
    await deps.prisma.team.create({
      data: {
        id: other,
        projectId: team.projectId,
        name: 'other',
        createdAt: clock().now(),
        queue: { create: {} },
      },
    });
    const act = verbs(scene.house, { ...team, teamId: other });
    expect((await intervention(await act.ask(await act.start()))).timeout).toBe(300);
  });
});

describe('calls of a team with a configuration', () => {
  const quorum = (settings: string, more = '') =>
    `human_supervision: {approvals: {quorum: {${settings}}${more}}}`;

  it('need as many people as their risk asks for, each for one vote (5.4)', async () => {
    const { act, team } = await desk(quorum('high: 2, critical: 3'));
    const ask = async (risk: string) => act.request(await act.start(), { inputData: { risk } });
    const needed = async (risk: string) => (await act.approval(await ask(risk))).requiredApprovals;
    expect([
      await needed('LOW'),
      await needed('MEDIUM'),
      await needed('HIGH'),
      await needed('CRITICAL'),
    ]).toEqual([1, 1, 2, 3]);
    const id = await ask('HIGH');
    await act.vote(id, {}, team.supervisor);
    expect((await act.approval(id)).status).toBe('PENDING');
    await act.vote(id, {}, team.supervisor);
    expect(await refusal(act.vote(id, { reason: 'once more' }, team.supervisor))).toBe('ALREADY_DECIDED');
    expect(await act.approval(id)).toMatchObject({ status: 'PENDING', permit: null });
    await act.vote(id, {}, team.manager);
    expect((await act.approval(id)).status).toBe('APPROVED');
  });

  it('hold their answers to it too (5.4)', async () => {
    const { act, team } = await desk(quorum('high: 2'));
    const id = await act.request(await act.start());
    await act.vote(id);
    const answer = await act.submit(id, { response: { risk: 'HIGH' } });
    await act.vote(answer, {}, team.supervisor);
    expect((await act.approval(answer)).status).toBe('PENDING');
    await act.vote(answer, {}, team.admin);
    expect((await act.approval(answer)).status).toBe('APPROVED');
  });

  it('keep the quorums that they were asked under, also where their input is edited (4.14, 5.4)', async () => {
    const { act, team } = await desk(quorum('high: 2'));
    const before = await act.request(await act.start());
    await act.set(quorum('low: 3, high: 4'));
    const after = await act.request(await act.start());
    expect((await act.approval(before)).requiredApprovals).toBe(1);
    expect((await act.approval(after)).requiredApprovals).toBe(3);
    await act.vote(before, { approvedInput: { risk: 'HIGH' } }, team.supervisor);
    expect(await act.approval(before)).toMatchObject({ status: 'PENDING', requiredApprovals: 2 });
    await act.vote(before, {}, team.manager);
    expect((await act.approval(before)).status).toBe('APPROVED');
    await act.set('');
    await act.vote(after, { approvedInput: { risk: 'HIGH' } }, team.supervisor);
    expect(await act.approval(after)).toMatchObject({ status: 'PENDING', requiredApprovals: 4 });
    const later = await act.request(await act.start(), { inputData: { risk: 'HIGH' } });
    expect((await act.approval(later)).requiredApprovals).toBe(1);
  });

  it("may be started within the team's time, unless they name their own (5.3)", async () => {
    const { act } = await desk(quorum('', ', timeout_minutes: 7'));
    const lasts = async (input = {}) => {
      const { createdAt, expiresAt, proposal } = await act.approval(
        await act.request(await act.start(), input),
      );
      return [seconds(createdAt, expiresAt), (proposal as any).timeoutMinutes];
    };
    expect(await lasts()).toEqual([420, 7]);
    expect(await lasts({ timeoutMinutes: 9 })).toEqual([540, 9]);
    await act.set('');
    expect(await lasts()).toEqual([1800, 30]);
  });

  it('are not all that is approved: an override of the budget goes by its own terms (6.5)', async () => {
    const { team } = await desk(quorum('low: 5, high: 5'));
    const { deps } = scene.house;
    const { reply } = await requestBudgetOverride(deps, team.agent, {
      projectId: team.projectId,
      limitType: 'COST_DAILY',
      requestedAmount: '5',
      justification: 'more',
    });
    const approval = await deps.prisma.approval.findUniqueOrThrow({ where: { id: reply.approvalId } });
    expect(approval).toMatchObject({ requiredApprovals: 1, quorum: null });
  });
});

describe('the queue of a team with a configuration', () => {
  const { houses, team, database } = withTwoHouses();
  const bound = (concurrent: number, queued: number) =>
    `human_supervision: {performance: {max_concurrent_interventions: ${concurrent}, intervention_queue_size: ${queued}}}`;

  it('is as long as it says, exactly, whatever asks at once (4.1)', async () => {
    const set = setting(houses[0]!, team);
    const acts = houses.map((house) => verbs(house, team));
    await set(bound(3, 4));
    const sessions = await Promise.all(Array.from({ length: 40 }, (_, at) => acts[at % 2]!.start()));
    const crowd = async () => {
      const outcomes = await Promise.allSettled(sessions.map((id, at) => acts[at % 2]!.ask(id)));
      const refused = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
      expect(refused.every(({ reason }) => reason.code === 'QUEUE_FULL')).toBe(true);
      return outcomes.length - refused.length;
    };
    expect(await crowd()).toBe(7);
    await set(bound(3, 9));
    expect(await crowd()).toBe(5);
    await set(bound(1, 0));
    await refusedWithoutTrace(houses[0]!, 'QUEUE_FULL', () => acts[0]!.ask(sessions[0]!));
    const { pending } = await houses[0]!.deps.prisma.interventionQueue.findUniqueOrThrow({
      where: { teamId: team.teamId },
    });
    expect(pending).toBe(12);
  });

  it('admits by the changed bound in the write itself, not by what was read (4.1)', async () => {
    const crowded = await seedTeam(houses[0]!);
    const act = verbs(houses[0]!, crowded);
    await setting(houses[0]!, crowded)(bound(1, 0));
    const [first, second] = [await act.start(), await act.start()];
    // Both see an empty queue; the other one takes the only place before this one is written.
    const held = openHouse(
      heldBeforeWriting(database(), async (writes) => {
        if (writes === 0) await act.ask(second);
      }),
      database().clock,
    );
    expect(await refusal(verbs(held, crowded).ask(first))).toBe('QUEUE_FULL');
    expect((await houses[0]!.deps.prisma.session.findUniqueOrThrow({ where: { id: first } })).status).toBe(
      'ACTIVE',
    );
  });
});
