import { graphql } from '../generated/mcp/gql.ts';

// What the tools say to the API, typed from schema.graphql.

export const startSession = graphql(`
  mutation McpStartSession($input: CreateSessionInput!) {
    createSession(input: $input) {
      success
      message
      errors { code message path }
      session { id teamId projectId status }
    }
  }
`);

export const requestIntervention = graphql(`
  mutation McpAsk($input: RequestInterventionInput!) {
    requestIntervention(input: $input) {
      success
      message
      errors { code message path }
      intervention { id status workstationUrl timeout expiresAt requiredRole }
    }
  }
`);

export const interventionStatus = graphql(`
  query McpIntervention($id: ID!) {
    intervention(id: $id) {
      id
      status
      resolution
      delivery
      workstationUrl
      expiresAt
      escalationLevel
      session { id status }
      humanResponse {
        responseType
        content
        reasoning
        customInput
        answer
        modifications
        metadata
        timestamp
        respondedBy { id name kind }
        selectedOption { id label value metadata }
      }
    }
  }
`);

export const sessionContext = graphql(`
  query McpSession($id: ID!) {
    session(id: $id) {
      id
      status
      teamId
      projectId
      context
      conversationHistory { agentName input response timestamp }
      interventionPoints { interventionId agentName interventionType message timestamp }
    }
  }
`);

export const requestApproval = graphql(`
  mutation McpRequestApproval($input: AgentCallApprovalInput!) {
    requestAgentCallApproval(input: $input) {
      success
      message
      errors { code message path }
      approval {
        id
        status
        actionDigest
        requiredRole
        requiredApprovals
        expiresAt
        riskAssessment { level }
      }
    }
  }
`);

export const approvalStatus = graphql(`
  query McpApproval($id: ID!) {
    approval(id: $id) {
      __typename
      id
      kind
      status
      summary
      rejectionReason
      expiresAt
      ... on AgentCallApproval { actionDigest approvedInput inputData permit startedAt }
      ... on ResponseApproval { modificationsRequired }
    }
  }
`);

export const submitAnswer = graphql(`
  mutation McpSubmitAnswer($input: AgentResponseInput!) {
    submitAgentResponse(input: $input) {
      success
      message
      errors { code message path }
      approval { id status }
    }
  }
`);

export const commit = graphql(`
  mutation McpCommit($id: ID!, $tokens: Int!, $cost: Decimal!) {
    commitBudget(reservationId: $id, tokens: $tokens, cost: $cost) {
      success
      message
      errors { code message path }
      budget { lines { limitType limit used reserved remaining } }
    }
  }
`);

export const pendingItems = graphql(`
  query McpPending {
    interventions(first: 100, filter: { status: [PENDING] }) {
      totalCount
      nodes { id type urgency agentName message sessionId createdAt expiresAt requiredRole workstationUrl }
    }
    approvals(first: 100, filter: { status: [PENDING] }) {
      totalCount
      nodes { id kind summary sessionId createdAt expiresAt requiredRole }
    }
  }
`);

export const instructions = graphql(`
  query McpInstructions($teamId: ID!, $agentName: String!) {
    agentInstructions(teamId: $teamId, agentName: $agentName)
  }
`);
