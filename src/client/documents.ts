import { graphql } from './generated/gql.ts';

// Everything that the client says; `npm run codegen` types it from schema.graphql.

export const createSession = graphql(`
  mutation ClientCreateSession($input: CreateSessionInput!) {
    createSession(input: $input) {
      success
      message
      errors { code message path }
      session { id teamId status }
    }
  }
`);

export const requestIntervention = graphql(`
  mutation ClientAsk($input: RequestInterventionInput!) {
    requestIntervention(input: $input) {
      success
      message
      errors { code message path }
      intervention { id }
    }
  }
`);

export const decided = graphql(`
  query ClientDecision($id: ID!) {
    intervention(id: $id) {
      id
      status
      resolution
      escalationLevel
      workstationUrl
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

export const acknowledge = graphql(`
  mutation ClientAcknowledge($id: ID!) {
    acknowledgeResponse(interventionId: $id) {
      success
    }
  }
`);

export const changed = graphql(`
  subscription ClientChanged($id: ID!, $after: EventCursor) {
    events(after: $after, filter: { subjectId: $id }) {
      cursor
    }
  }
`);

export const requestCall = graphql(`
  mutation ClientRequestCall($input: AgentCallApprovalInput!) {
    requestAgentCallApproval(input: $input) {
      success
      message
      errors { code message path }
      approval { id projectId }
    }
  }
`);

export const callStatus = graphql(`
  query ClientCall($id: ID!) {
    approval(id: $id) {
      __typename
      ... on AgentCallApproval {
        id
        status
        rejectionReason
        inputData
        approvedInput
        permit
      }
    }
  }
`);

export const startCall = graphql(`
  mutation ClientStartCall($id: ID!) {
    startAgentCall(approvalId: $id) {
      success
      message
      errors { code message path }
    }
  }
`);

export const cancelCall = graphql(`
  mutation ClientCancelCall($id: ID!, $reason: String!) {
    cancelApproval(id: $id, reason: $reason) {
      success
    }
  }
`);

export const submitAnswer = graphql(`
  mutation ClientSubmitAnswer($input: AgentResponseInput!) {
    submitAgentResponse(input: $input) {
      success
      message
      errors { code message path }
      approval { id }
    }
  }
`);

export const answerStatus = graphql(`
  query ClientAnswer($id: ID!) {
    approval(id: $id) {
      __typename
      ... on ResponseApproval {
        id
        status
        rejectionReason
        modificationsRequired
      }
    }
  }
`);

export const reserve = graphql(`
  mutation ClientReserve($input: ReserveBudgetInput!) {
    reserveBudget(input: $input) {
      success
      message
      errors { code message path }
      reservation { id }
    }
  }
`);

export const commit = graphql(`
  mutation ClientCommit($id: ID!, $tokens: Int!, $cost: Decimal!) {
    commitBudget(reservationId: $id, tokens: $tokens, cost: $cost) {
      success
      message
      errors { code message path }
    }
  }
`);

export const release = graphql(`
  mutation ClientRelease($id: ID!) {
    releaseBudget(reservationId: $id) {
      success
    }
  }
`);

export const stopInForce = graphql(`
  query ClientStop($projectId: ID!) {
    emergencyStatus(projectId: $projectId) {
      stop { id severity stopReason triggeredConditions createdAt }
    }
  }
`);

export const stopChanged = graphql(`
  subscription ClientStopChanged($projectId: ID!) {
    emergencyStopUpdates(projectId: $projectId) {
      id
    }
  }
`);
