import { cancelApproval } from '../../src/approvals/cancel.ts';
import { requestAgentCallApproval, type RequestCallInput } from '../../src/approvals/request-call.ts';
import { respondToApproval, type RespondInput } from '../../src/approvals/respond.ts';
import { startAgentCall } from '../../src/approvals/start-call.ts';
import { submitAgentResponse, type SubmitResponseInput } from '../../src/approvals/submit-response.ts';
import type { House, Team } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';
import { beforeAll } from 'vitest';

/** Shorthands: the verbs with the arguments that a test does not care about filled in. */
export function approvalActs({ deps }: House, team: Team) {
  return {
    request: async (sessionId: string, input: Partial<RequestCallInput> = {}, by = team.agent) =>
      (
        await requestAgentCallApproval(deps, by, {
          sessionId,
          agentName: 'ada',
          proposedAction: 'send the letter',
          inputData: { to: 'all' },
          ...input,
        })
      ).reply.approvalId,
    vote: async (id: string, input: Partial<RespondInput> = {}, by = team.operator) =>
      (await respondToApproval(deps, by, id, { verdict: 'APPROVE', ...input })).reply,
    begin: async (id: string, by = team.agent) => (await startAgentCall(deps, by, id)).reply,
    submit: async (agentCallApprovalId: string, input: Partial<SubmitResponseInput> = {}, by = team.agent) =>
      (
        await submitAgentResponse(deps, by, {
          agentCallApprovalId,
          response: { text: 'sent' },
          tokensUsed: 10,
          actualCost: '0.5',
          ...input,
        })
      ).reply.approvalId,
    cancel: async (id: string, reason: string | null = null, by = team.agent) =>
      (await cancelApproval(deps, by, id, reason)).reply,
    approval: (id: string) =>
      deps.prisma.approval.findUniqueOrThrow({ where: { id }, include: { votes: true } }),
    reservation: async (approvalId: string) =>
      deps.prisma.budgetReservation.findFirstOrThrow({ where: { approvalId }, orderBy: { id: 'asc' } }),
    budget: () => deps.prisma.budget.findUniqueOrThrow({ where: { projectId: team.projectId } }),
  };
}

/** A house with a team, and the verbs of approvals in it. */
export function withApprovals() {
  const house = withHouse();
  const act = {} as ReturnType<typeof approvalActs>;
  beforeAll(() => Object.assign(act, approvalActs(house.scene.house, house.scene.team)));
  return {
    ...house,
    act,
    /** A call in a session of its own, brought as far as is said. */
    async call(
      upTo: 'PENDING' | 'APPROVED' | 'started' | 'answered' = 'PENDING',
      input: Partial<RequestCallInput> = {},
      runner?: string,
    ) {
      const sessionId = input.sessionId ?? (await house.scene.act.start({ runner }));
      const id = await act.request(sessionId, { estimatedTokens: 100, estimatedCost: '1.5', ...input });
      if (upTo !== 'PENDING') await act.vote(id, {}, house.scene.team.supervisor);
      if (upTo === 'started' || upTo === 'answered') await act.begin(id);
      const answerId = upTo === 'answered' ? await act.submit(id) : '';
      const { taskId } = await act.approval(id);
      return { sessionId, id, answerId, taskId: taskId! };
    },
    /** The rows as an emergency stop leaves them (behaviour 7.2). */
    async stop(sessionId: string) {
      const { deps } = house.scene.house;
      const now = deps.clock.now();
      const { projectId } = house.scene.team;
      const stopId = deps.ids.next('stop');
      await deps.prisma.project.update({ where: { id: projectId }, data: { stopId } });
      const { status } = await deps.prisma.session.findUniqueOrThrow({ where: { id: sessionId } });
      await deps.prisma.session.update({
        where: { id: sessionId },
        data: { status: 'HALTED', haltedFrom: status, version: { increment: 1 }, staleAt: null },
      });
      for (const task of await deps.prisma.task.findMany({ where: { sessionId } }))
        await deps.prisma.task.update({
          where: { id: task.id },
          data: { status: 'HALTED', haltedFrom: task.status },
        });
      await deps.prisma.approval.updateMany({
        where: { projectId, status: 'PENDING' },
        data: { frozenAt: now, dueAt: null, version: { increment: 1 } },
      });
      return stopId;
    },
    async lift() {
      const { projectId } = house.scene.team;
      await house.scene.house.deps.prisma.project.update({
        where: { id: projectId },
        data: { stopId: null },
      });
    },
  };
}
