import { cancelApproval } from '../../src/approvals/cancel.ts';
import { requestAgentCallApproval, type RequestCallInput } from '../../src/approvals/request-call.ts';
import { respondToApproval, type RespondInput } from '../../src/approvals/respond.ts';
import { startAgentCall } from '../../src/approvals/start-call.ts';
import { submitAgentResponse, type SubmitResponseInput } from '../../src/approvals/submit-response.ts';
import type { House, Team } from '../support/house.ts';

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
