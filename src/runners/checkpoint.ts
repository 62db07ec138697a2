import { callOf, responseOf } from '../approvals/proposal.ts';
import type { ApprovalDeps } from '../approvals/seams.ts';
import type { Approval, Intervention } from '../generated/prisma/client.ts';
import type { Viewer } from '../identity/viewer.ts';
import { optionsOf } from '../interventions/option.ts';
import { type HumanResponse, responseOf as answerTo } from '../interventions/response.ts';
import { DomainError } from '../kernel/errors.ts';
import { type JsonObject, plainObject } from '../kernel/json.ts';
import { type ReportReply, reportStep } from '../sessions/report.ts';
import { reveal } from '../privacy/reveal.ts';
import { projectStopped } from '../sessions/rules.ts';
import { type ReportedEvent, shortened } from '../triggers/values.ts';
import type { CallOutcome, GatedCall } from './runner.ts';

// Before a call is asked for, and before its answer is used, the team's triggers are looked at as with any report
// (behaviour 8.4). What one asks holds the call up until it is answered; a no is a no to the call, or to its answer.

/** Where a call stands. `step` names this moment of it. */
export interface Moment {
  viewer: Viewer;
  sessionId: string;
  step: string;
  approvalId: string | null;
}

/** Null: nothing stands in the way of asking for the call. */
export const beforeCall = (
  deps: ApprovalDeps,
  moment: Moment,
  call: GatedCall,
): Promise<CallOutcome | null> => held(deps, moment, 'call', () => eventBefore(moment, call));

/** Null: nothing stands in the way of using the answer. */
export const afterCall = (
  deps: ApprovalDeps,
  moment: Moment,
  call: Approval,
  answer: Approval,
): Promise<CallOutcome | null> => held(deps, moment, 'response', () => eventAfter(moment, call, answer));

async function held(
  deps: ApprovalDeps,
  { viewer, sessionId, step, approvalId }: Moment,
  what: 'call' | 'response',
  event: () => ReportedEvent,
): Promise<CallOutcome | null> {
  const { directive, interventionId } =
    (await reportedAs(deps, viewer, step)) ??
    (await reportStep(deps, viewer, { sessionId, step, event: event() }));
  if (directive === 'HALT') throw new DomainError([projectStopped]);
  if (!interventionId) return null;
  const asked = await deps.prisma.intervention.findUniqueOrThrow({ where: { id: interventionId } });
  return outcomeOf(await reveal(deps, asked.projectId, asked, asked.sessionId), what, approvalId);
}

/** What this step was answered, in whatever turn, whatever it would report now. */
async function reportedAs(
  { prisma }: ApprovalDeps,
  { credentialId }: Viewer,
  key: string,
): Promise<ReportReply | null> {
  const row = await prisma.idempotencyKey.findUnique({
    where: { credentialId_mutation_key: { credentialId, mutation: 'reportExecutionEvent', key } },
  });
  return (row?.reply as { value: ReportReply } | undefined)?.value ?? null;
}

function outcomeOf(
  asked: Intervention,
  what: 'call' | 'response',
  approvalId: string | null,
): CallOutcome | null {
  const answer = answerTo(asked);
  // Also one that timed out and was answered after all, by reviving the session (behaviour 3.7).
  if (answer !== null)
    return refuses(asked, answer) ? { status: 'rejected', what, reason: wordsOf(answer), approvalId } : null;
  switch (asked.status) {
    case 'CANCELLED':
      return { status: 'cancelled', reason: 'the request about it was cancelled', approvalId };
    case 'TIMEOUT':
      return { status: 'expired', approvalId };
    case 'PENDING':
    case 'RESOLVED':
      return { status: 'waiting', approvalId };
  }
}

const NO: ReadonlySet<string> = new Set(['reject', 'cancel']);

/** A no, or a wish for something else: exactly what was proposed is not what the person wants. */
function refuses(asked: Intervention, { responseType, selectedOption }: HumanResponse): boolean {
  if (responseType === 'reject' || responseType === 'modify') return true;
  const option = optionsOf(asked).find(({ id }) => id === selectedOption?.id);
  return (
    option !== undefined &&
    (option.category === 'MODIFICATION' || NO.has(option.value) || NO.has(String(option.metadata.action)))
  );
}

const wordsOf = ({ reasoning, customInput, content }: HumanResponse): string =>
  reasoning ?? customInput ?? content;

function eventBefore(
  { step }: Moment,
  { agentName, action, input, estimatedTokens, estimatedCost }: GatedCall,
): ReportedEvent {
  const cost = estimatedCost === undefined ? null : Number(estimatedCost);
  return {
    agentName,
    // Models are what tokens are estimated for.
    type: estimatedTokens ? 'model_call' : 'tool_call',
    input: null,
    output: null,
    metrics: {
      name: action,
      ...(cost === null ? {} : { cost }),
      ...(estimatedTokens === undefined ? {} : { tokens: estimatedTokens }),
    },
    context: { ...plainObject(input), action, step },
  };
}

function eventAfter({ step }: Moment, call: Approval, answer: Approval): ReportedEvent {
  const { response, tokensUsed, actualCost, confidence } = responseOf(answer);
  const { agentName, proposedAction } = callOf(call);
  const said: JsonObject = plainObject(response);
  return {
    agentName,
    type: typeof said.error === 'string' ? 'error_occurred' : 'task_completion',
    input: null,
    output: shortened(typeof response === 'string' ? response : JSON.stringify(response), 20_000),
    metrics: {
      name: proposedAction,
      cost: Number(actualCost),
      tokens: tokensUsed,
      ...(confidence === null ? {} : { confidence, confidence_score: confidence }),
    },
    context: { ...said, action: proposedAction, step },
  };
}
