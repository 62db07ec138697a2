import type { McpApprovalQuery, McpInterventionQuery } from '../generated/mcp/graphql.ts';

type ShownIntervention = NonNullable<McpInterventionQuery['intervention']>;
type ShownApproval = NonNullable<McpApprovalQuery['approval']>;

/** As agents have been written to read it. */
export function interventionAnswer({ id, status, humanResponse, session, ...more }: ShownIntervention) {
  return {
    intervention_id: id,
    status: status.toLowerCase(),
    resolved: status === 'RESOLVED',
    resolution: more.resolution?.toLowerCase() ?? null,
    human_response:
      humanResponse == null
        ? null
        : {
            response_type: humanResponse.responseType,
            content: humanResponse.content,
            reasoning: humanResponse.reasoning,
            custom_input: humanResponse.customInput,
            answer: humanResponse.answer,
            modifications: humanResponse.modifications,
            metadata: humanResponse.metadata,
            selected_option: humanResponse.selectedOption,
            responded_by: humanResponse.respondedBy,
            timestamp: humanResponse.timestamp,
          },
    session_resumed: status !== 'PENDING' && session.status !== 'WAITING_FOR_HUMAN',
    session_status: session.status.toLowerCase(),
    workstation_url: more.workstationUrl,
    expires_at: more.expiresAt,
  };
}

export function approvalAnswer(approval: ShownApproval): Record<string, unknown> {
  return {
    approval_id: approval.id,
    status: approval.status.toLowerCase(),
    approved: approval.status === 'APPROVED',
    reason: approval.rejectionReason,
    expires_at: approval.expiresAt,
    ...(approval.__typename === 'AgentCallApproval' && {
      approved_input: approval.status === 'APPROVED' ? (approval.approvedInput ?? approval.inputData) : null,
      action_digest: approval.actionDigest,
      permit: approval.permit,
    }),
    ...(approval.__typename === 'ResponseApproval' && {
      modifications_required: approval.modificationsRequired,
    }),
  };
}
