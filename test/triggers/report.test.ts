import { describe, expect, it } from 'vitest';
import type { Option } from '../../src/interventions/option.ts';
import { type ReportInput, reportExecutionEvent } from '../../src/sessions/report.ts';
import { noEnvironment } from '../../src/supervision/from-environment.ts';
import { updateSupervision } from '../../src/supervision/update.ts';
import {
  eventsOf,
  heldBeforeWriting,
  openHouse,
  refusal,
  refusedWithoutTrace,
  seedTeam,
  verbs,
} from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, intervention, session } = withHouse();

const CONFIGURATION = `
human_supervision:
  intervention_types:
    decision:
      timeout: 180
      triggers:
        - {condition: confidence_score < 0.7, context: decision_making}
    follow_up: {triggers: [{condition: task_completion, context: quality_review}]}
agents:
  - name: ada
    human_supervision:
      custom_triggers:
        - condition: budget_exceeded
          intervention_type: approval
          natural_language: "This needs \${{amount}}, because {{reason}}."
          options:
            - {id: alone, label: 'Spend {{amount}}', value: approve, metadata: {budget_impact: '{{amount}}'}}
            - {id: reject, label: Reject, value: reject, recommended: true}
`;

/** A team of its own with a session in it. */
async function desk(yaml: string | null = CONFIGURATION, runner?: string) {
  const { house } = scene;
  const team = await seedTeam(house);
  const act = verbs(house, team);
  if (yaml !== null)
    await updateSupervision(
      { ...house.deps, supervisionEnvironment: noEnvironment },
      team.admin,
      team.teamId,
      yaml,
    );
  const sessionId = await act.start({ runner });
  const report = async (input: Partial<ReportInput> = {}) =>
    (
      await reportExecutionEvent(house.deps, team.agent, {
        sessionId,
        agentName: 'ada',
        type: 'step',
        ...input,
      })
    ).reply;
  return { team, act, sessionId, report };
}

const LOW = { metrics: { confidence_score: 0.6 } };

describe('a report that a trigger is about', () => {
  it('asks a person in the same change, pauses, and the answer takes the session on (8.4)', async () => {
    const { act, sessionId, report } = await desk();
    expect(await report({ metrics: { confidence_score: 0.7 } })).toEqual({
      directive: 'CONTINUE',
      interventionId: null,
    });
    let reply!: Awaited<ReturnType<typeof report>>;
    const events = await eventsOf(scene.house, async () => {
      reply = await report({
        ...LOW,
        context: { confidence_score: 0.9, recommendation: 'wait', supervision: 'mine' },
        output: 'perhaps',
      });
    });
    const { directive, interventionId } = reply;
    expect(directive).toBe('PAUSE');
    const asked = await intervention(interventionId!);
    expect(asked).toMatchObject({
      type: 'DECISION',
      agentName: 'ada',
      trigger: 'confidence_score < 0.7',
      status: 'PENDING',
      urgency: 'NORMAL',
      timeout: 180,
      askedBy: { kind: 'AGENT' },
      context: {
        recommendation: 'wait',
        supervision: {
          condition: 'confidence_score < 0.7',
          about: 'decision_making',
          undecided: null,
          event: 'step',
          input: null,
          output: 'perhaps',
          metrics: { confidence_score: 0.6 },
        },
      },
    });
    expect(asked.message).toContain('Recommended: wait');
    expect(await session(sessionId)).toMatchObject({
      status: 'WAITING_FOR_HUMAN',
      currentInterventionId: interventionId,
      interventionCount: 1,
    });
    expect(events.map(({ type }) => type)).toEqual([
      'execution_reported',
      'intervention_requested',
      'session_status_changed',
    ]);
    expect(events[1]).toMatchObject({
      subjectId: interventionId,
      data: { trigger: 'confidence_score < 0.7' },
    });
    await act.select(interventionId!, { optionId: 'proceed' });
    expect(await intervention(interventionId!)).toMatchObject({ resolution: 'OPTION_SELECTED' });
    expect((await session(sessionId)).status).toBe('ACTIVE');
  });

  it("asks for the agent's own trigger first, with its message and options filled in (8.4, 8.5, 8.6)", async () => {
    const { act, report, sessionId } = await desk();
    const { interventionId } = await report({
      type: 'budget_exceeded',
      metrics: { confidence_score: 0.1, amount: 12 },
    });
    const asked = await intervention(interventionId!);
    expect(asked).toMatchObject({
      type: 'APPROVAL',
      trigger: 'budget_exceeded',
      urgency: 'HIGH',
      message: 'This needs $12, because [reason].',
    });
    expect(asked.options).toMatchObject([
      { id: 'reject', recommended: true, disabled: false },
      { id: 'alone', label: 'Spend 12', metadata: { budget_impact: 12 }, disabled: false },
    ]);
    // Another agent of the team has no such trigger, and the types' alone.
    expect(await report({ agentName: 'bob', type: 'budget_exceeded' })).toMatchObject({
      directive: 'CONTINUE',
    });
    expect(await report({ agentName: 'bob', type: 'task_completion', ...LOW })).toMatchObject({
      directive: 'PAUSE',
    });
    const pending = await scene.house.deps.prisma.intervention.findMany({
      where: { sessionId, agentName: 'bob' },
    });
    expect(pending).toMatchObject([{ type: 'DECISION', trigger: 'confidence_score < 0.7' }]);
    await act.select(asked.id, { optionId: 'alone' });
    expect((await session(sessionId)).context).toMatchObject({
      budget_impact: 12,
      selected_option: { id: 'alone', value: 'approve' },
    });
  });

  it('disables an option that costs more than is left of the budget, with the reason (8.6)', async () => {
    const { team, act, report } = await desk();
    await scene.house.deps.prisma.budget.updateMany({
      where: { projectId: team.projectId },
      data: { dailyCostLimit: '20' },
    });
    const { interventionId } = await report({ type: 'budget_exceeded', context: { amount: '500.0000' } });
    const options = (await intervention(interventionId!)).options as unknown as Option[];
    expect(options.find(({ id }) => id === 'alone')).toMatchObject({
      disabled: true,
      disabledReason: 'needs $500; $20 is left today',
    });
    expect(await refusal(act.select(interventionId!, { optionId: 'alone' }))).toBe('OPTION_DISABLED');
    await act.select(interventionId!, { optionId: 'alone' }, team.supervisor);
  });

  it('gets the same answer and the same request when it is repeated (2.8, 8.4)', async () => {
    const { act, report } = await desk();
    const repeat = () => report({ ...LOW, idempotencyKey: 'once' });
    const first = await repeat();
    expect(first.directive).toBe('PAUSE');
    expect(await repeat()).toEqual(first);
    await act.resolve(first.interventionId!);
    expect(await repeat()).toEqual(first);
  });

  it('is not asked about twice while the first request is pending, and anew once it was answered (8.4)', async () => {
    const { act, sessionId, report } = await desk();
    const first = await report(LOW);
    const events = await eventsOf(scene.house, async () => expect(await report(LOW)).toEqual(first));
    expect(events.map(({ type }) => type)).toEqual(['execution_reported']);
    // Another trigger, or another agent, is another matter.
    const other = await report({ type: 'task_completion' });
    const bobs = await report({ agentName: 'bob', ...LOW });
    const asked = [first, other, bobs].map(({ interventionId }) => interventionId);
    expect(new Set(asked).size).toBe(3);
    for (const id of asked) await act.resolve(id!);
    expect((await session(sessionId)).status).toBe('ACTIVE');
    expect((await report(LOW)).interventionId).not.toBe(first.interventionId);
  });

  it('makes one request, whatever comes at once (8.4)', async () => {
    const { team, sessionId } = await desk();
    // Each is held until the other has read a session without a request.
    let arrived = 0;
    let open!: () => void;
    const both = new Promise<void>((resolve) => (open = resolve));
    const held = heldBeforeWriting(scene.house.deps.database as never, async (writes) => {
      if (writes > 1) return;
      if (++arrived === 2) open();
      await both;
    });
    const houses = [openHouse(held, scene.house.deps.clock), openHouse(held, scene.house.deps.clock)];
    const replies = await Promise.all(
      houses.map(({ deps }) =>
        reportExecutionEvent(deps, team.agent, { sessionId, agentName: 'ada', type: 'step', ...LOW }),
      ),
    );
    expect(new Set(replies.map(({ reply }) => reply.interventionId)).size).toBe(1);
    expect((await session(sessionId)).interventionCount).toBe(1);
  });

  it('is refused whole where the queue is full, and can be made again under its key (4.1)', async () => {
    const { act, sessionId, report } = await desk(
      CONFIGURATION.replace(
        '  intervention_types:',
        '  performance: {max_concurrent_interventions: 1, intervention_queue_size: 0}\n  intervention_types:',
      ),
    );
    const id = await act.ask(sessionId);
    const attempt = () => report({ ...LOW, idempotencyKey: 'again' });
    await refusedWithoutTrace(scene.house, 'QUEUE_FULL', attempt);
    // What no trigger is about needs no place.
    expect((await report()).directive).toBe('CONTINUE');
    await act.resolve(id);
    expect((await attempt()).directive).toBe('PAUSE');
    // Nor does what asks no second time.
    expect((await report(LOW)).directive).toBe('PAUSE');
  });

  it('asks a person, and says why, where a condition cannot be decided (8.4)', async () => {
    const { report } = await desk();
    const { directive, interventionId } = await report({ metrics: { confidence_score: 'low' } });
    expect(directive).toBe('PAUSE');
    const { message, context } = await intervention(interventionId!);
    expect(message.split('\n')[0]).toBe(
      'Whether "confidence_score < 0.7" holds can\'t be said: confidence_score is the text "low" and 0.7 is the number 0.7, which have no order.',
    );
    expect(context).toMatchObject({ supervision: { undecided: expect.stringContaining('no order') } });
  });

  it('asks nobody for a type, or about an agent, that is switched off (8.4)', async () => {
    const types = (more: string) =>
      desk(`human_supervision: {intervention_types: {decision: {enabled: false, triggers: [{condition: step}]}, approval: {triggers: [{condition: step}]}}}
agents:
  - name: ada
    human_supervision:
      custom_triggers: [{condition: step, intervention_type: decision}]
${more}`);
    const first = await types('');
    const { interventionId } = await first.report();
    expect(await intervention(interventionId!)).toMatchObject({ type: 'APPROVAL' });
    expect(await intervention(await first.act.ask(first.sessionId))).toMatchObject({ type: 'DECISION' });
    const off = await types('      enabled: false');
    expect((await off.report()).directive).toBe('CONTINUE');
    const narrowed = await types('      intervention_types: [decision]');
    expect((await narrowed.report()).directive).toBe('CONTINUE');
    expect((await narrowed.report({ agentName: 'bob' })).directive).toBe('PAUSE');
    const whole = await desk(
      CONFIGURATION.replace('human_supervision:\n', 'human_supervision:\n  enabled: false\n'),
    );
    expect((await whole.report(LOW)).directive).toBe('CONTINUE');
  });

  it('is answered HALT where it stops the project, and nobody is asked besides (7.1)', async () => {
    const { sessionId, report } = await desk(
      "human_supervision: {intervention_types: {escalation: {triggers: [{condition: 'resource_usage > 80%'}]}}}",
    );
    expect(await report({ metrics: { resource_usage: 95 } })).toEqual({
      directive: 'HALT',
      interventionId: null,
    });
    expect(await session(sessionId)).toMatchObject({ status: 'HALTED', interventionCount: 0 });
  });

  it('takes a session out of CONTINUING_ASYNC into the wait, also where a worker drives it (3.3)', async () => {
    const { sessionId, report } = await desk(CONFIGURATION, 'inside');
    expect((await report(LOW)).directive).toBe('PAUSE');
    expect((await session(sessionId)).status).toBe('WAITING_FOR_HUMAN');
  });

  it('is gone on with in a team without a configuration, whatever it says (8.4)', async () => {
    const { report } = await desk(null);
    expect(await report({ type: 'budget_exceeded', ...LOW })).toEqual({
      directive: 'CONTINUE',
      interventionId: null,
    });
  });
});

describe('a request of an agent that offers no options', () => {
  it('has those of its type where its team has a configuration, checked and ranked (8.6)', async () => {
    const { act, sessionId } = await desk();
    const asked = async (input: object) =>
      ((await intervention(await act.ask(sessionId, input))).options as unknown as Option[]).map(
        ({ id, recommended, disabledReason }) => [id, recommended, disabledReason],
      );
    expect(await asked({})).toEqual([
      ['proceed', true, null],
      ['modify', false, null],
      ['cancel', false, null],
    ]);
    expect(await asked({ context: { amount: 100.00001 } })).toEqual([
      ['modify', false, null],
      ['cancel', false, null],
      ['proceed', false, 'needs $100.0001; $100 is left today'],
    ]);
    expect(await asked({ options: [] })).toEqual([]);
    const none = await desk(null);
    expect((await intervention(await none.act.ask(none.sessionId))).options).toEqual([]);
  });

  it('keeps what an agent offers, the recommended first, and disables what cannot be done (8.6)', async () => {
    const { act, sessionId } = await desk('human_supervision: {global: {max_escalation_levels: 0}}');
    const offered = (id: string, more: object = {}) => ({
      id,
      label: id,
      description: '',
      value: id,
      ...more,
    });
    const id = await act.ask(sessionId, {
      options: [
        offered('dear', { recommended: true, metadata: { budget_impact: '101' } }),
        offered('plain'),
        offered('up', { category: 'ESCALATION' }),
        offered('cheap', { recommended: true, metadata: { budget_impact: 5 } }),
        offered('also', { recommended: true }),
      ],
    });
    const options = (await intervention(id)).options as unknown as Option[];
    expect(options.map(({ id: each, recommended, disabled }) => [each, recommended, disabled])).toEqual([
      ['cheap', true, false],
      ['plain', false, false],
      ['also', false, false],
      ['dear', false, true],
      ['up', false, true],
    ]);
    expect(options.at(-1)!.disabledReason).toBe('requests of this team have no level to escalate to');
  });
});
