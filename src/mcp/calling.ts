import { z } from 'zod';
import { reserve } from '../client/documents.ts';
import { HoldpointError } from '../client/errors.ts';
import { accepted } from '../client/payload.ts';
import type { AgentCallApprovalInput } from '../generated/mcp/graphql.ts';
import * as documents from './documents.ts';
import { idempotencyKey, type Tool, tool } from './tool.ts';

export const calling: readonly Tool[] = [
  tool({
    name: 'request_approval',
    title: 'Ask whether a call may be made',
    description:
      'Asks whether a tool may be called with exactly this input. Answers at once with an approval_id: call wait_for_decision with it. Make the call only once it is approved, with approved_input, and then report_usage.',
    readOnly: false,
    idempotent: false,
    input: z.strictObject({
      session_id: z.string(),
      agent_name: z.string(),
      action: z.string().describe('What is to be done, in words: it is part of what is consented to'),
      input: z.unknown().describe('What the tool would be called with'),
      input_schema: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('A JSON Schema that the input, and what an approver makes of it, must satisfy'),
      summary: z.string().optional().describe('What the approver should know besides'),
      estimated_tokens: z.int().min(0).default(0),
      estimated_cost: z.string().default('0').describe('Dollars, as a decimal'),
      timeout_minutes: z.int().optional().describe('Within which the call must begin'),
      idempotency_key: idempotencyKey,
    }),
    async run(connection, args, { signal }) {
      const input: AgentCallApprovalInput = {
        sessionId: args.session_id,
        agentName: args.agent_name,
        proposedAction: args.action,
        inputData: args.input ?? null,
        inputSchema: args.input_schema,
        contextSummary: args.summary,
        estimatedTokens: args.estimated_tokens,
        estimatedCost: args.estimated_cost,
        timeoutMinutes: args.timeout_minutes,
        idempotencyKey: args.idempotency_key,
      };
      const { requestAgentCallApproval } = await connection.request(
        documents.requestApproval,
        { input },
        { signal, repeatable: args.idempotency_key !== undefined },
      );
      const approval = accepted(requestAgentCallApproval).approval!;
      return {
        status: approval.status.toLowerCase(),
        approval_id: approval.id,
        action_digest: approval.actionDigest,
        risk_level: approval.riskAssessment.level.toLowerCase(),
        required_role: approval.requiredRole.toLowerCase(),
        required_approvals: approval.requiredApprovals,
        expires_at: approval.expiresAt,
      };
    },
  }),
  tool({
    name: 'report_usage',
    title: 'Say what was spent',
    description:
      'Settles what was really spent. With approval_id: hands in what the approved call gave, with what it took; the answer may be used once its own approval (answer_approval_id) is approved. Without: counts it in the budget of a project, also where it goes past it; a budget that is spent already refuses.',
    readOnly: false,
    idempotent: false,
    input: z.strictObject({
      tokens: z.int().min(0),
      cost: z.string().describe('Dollars, as a decimal'),
      approval_id: z.string().optional(),
      result: z.unknown().optional().describe('What the approved call gave'),
      project_id: z.string().optional(),
      idempotency_key: idempotencyKey,
    }),
    async run(connection, { tokens, cost, approval_id, project_id, ...rest }, { signal }) {
      if ((approval_id === undefined) === (project_id === undefined))
        throw new HoldpointError('INVALID_INPUT', 'either approval_id or project_id must be given');
      if (approval_id !== undefined) {
        const { submitAgentResponse } = await connection.request(
          documents.submitAnswer,
          {
            input: {
              agentCallApprovalId: approval_id,
              response: rest.result ?? null,
              tokensUsed: tokens,
              actualCost: cost,
              idempotencyKey: rest.idempotency_key,
            },
          },
          { signal, repeatable: rest.idempotency_key !== undefined },
        );
        const answer = accepted(submitAgentResponse).approval!;
        return {
          status: 'settled',
          answer_approval_id: answer.id,
          answer_status: answer.status.toLowerCase(),
        };
      }
      const { reserveBudget } = await connection.request(
        reserve,
        // Nothing is held: what has been spent is to be counted, also where it no longer fits (behaviour 6.2).
        { input: { projectId: project_id!, tokens: 0, cost: '0', idempotencyKey: rest.idempotency_key } },
        { signal, repeatable: rest.idempotency_key !== undefined },
      );
      const { id } = accepted(reserveBudget).reservation!;
      // Spent is spent: from here it is settled whether or not somebody still waits for the answer.
      const { commitBudget } = await connection.request(
        documents.commit,
        { id, tokens, cost },
        { repeatable: true },
      );
      return { status: 'settled', budget: accepted(commitBudget).budget?.lines ?? [] };
    },
  }),
];
