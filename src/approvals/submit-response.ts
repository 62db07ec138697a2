import { toDecimal } from '../budgets/state.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { DomainError, type UserError } from '../kernel/errors.ts';
import { canonicalJson, type Json, sha256 } from '../kernel/json.ts';
import {
  type Aggregate,
  allow,
  asJson,
  configurationOf,
  type Outcome,
  type VotedApproval,
} from '../sessions/aggregate.ts';
import { type Draft, putApproval } from '../sessions/draft.ts';
import { active, mayAct, projectStopped } from '../sessions/rules.ts';
import { tokensFault, unitsOf } from './amounts.ts';
import { blankApproval } from './blank.ts';
import { changeApproval } from './change-approval.ts';
import { commitFigures, type Figures } from './figures.ts';
import { reveal } from '../privacy/reveal.ts';
import { callOf, type ResponseProposal } from './proposal.ts';
import { isCall, isPending, mayAnswer, mayRun, notFound } from './rules.ts';
import type { ApprovalDeps, ResponseAnalysis } from './seams.ts';
import { moveTask, note } from './settle.ts';
import { startInDraft } from './start-call.ts';
import { approvalTerms, quorumOf } from './terms.ts';

export interface SubmitResponseInput {
  agentCallApprovalId: string;
  response: Json;
  summary?: string | null;
  nextSteps?: string[] | null;
  tokensUsed: number;
  /** A decimal's text. */
  actualCost: string;
  confidence?: number | null;
  idempotencyKey?: string | null;
}

type Reply = { approvalId: string; agentCallApprovalId: string };

/** The most next steps that an answer may name. */
const MAX_STEPS = 50;

/**
 * An agent has made its call and hands in the answer, which nobody uses before it is approved (behaviour 5.1). Whatever
 * else comes of it, the real figures are committed (5.3): money that was spent counts. An approved call that was never
 * started is started by this. Refusals: INVALID_STATE, CANCELLED, EXPIRED, EMERGENCY_STOPPED, by the call's state.
 */
export async function submitAgentResponse(deps: ApprovalDeps, viewer: Viewer, input: SubmitResponseInput) {
  const figures = checked(input);
  const id = input.agentCallApprovalId;
  const idempotency = idempotencyOf(viewer.credentialId, 'submitAgentResponse', input);
  const call = await deps.prisma.approval.findUnique({ where: { id } });
  if (call === null || !isCall(call) || !inScope(viewer, call.projectId)) throw new DomainError([notFound]);
  const { agentType, proposedAction } = await reveal(deps, call.projectId, callOf(call));
  const task = await deps.prisma.task.findUnique({ where: { id: call.taskId! } });
  const instructions =
    task?.madeForCall === false ? `${task.instructions}\n\n${proposedAction}` : proposedAction;
  const analysis = await deps.safety.analyze({
    agentType,
    instructions,
    response: input.response,
    summary: input.summary ?? null,
    nextSteps: input.nextSteps ?? [],
    confidence: input.confidence ?? null,
  });
  return changeApproval<Reply>(deps, viewer, {
    id,
    withConfiguration: true,
    idempotency,
    decide(draft, current, aggregate, now) {
      const mine = mayRun(current, viewer);
      if (!mine.ok) return { refusal: [mine.error] };
      const able = maySubmit(current, aggregate, draft);
      const spent = commitFigures(deps, draft, current, { ...figures, accepted: able.ok }, now);
      if (!able.ok) return { refusal: [able.error], kept: spent };
      const settledAt = current.settledAt ?? now;
      const begun =
        current.startedAt === null ? startInDraft(draft, current, aggregate.tasks, viewer, now) : current;
      const answered = { ...begun, settledAt };
      putApproval(draft, answered);
      const approvalId = ask(
        deps,
        draft,
        { viewer, input, figures, analysis, call: answered, aggregate },
        now,
      );
      return { reply: { approvalId, agentCallApprovalId: id } };
    },
  });
}

function checked(input: SubmitResponseInput): Figures {
  const { faults, figures } = checkAnswer(input);
  if (faults.length > 0 || figures === null) throw new DomainError(faults);
  return figures;
}

/** What an answer must keep to (behaviour 10.3). `figures`: null where it is they that do not. */
export function checkAnswer(input: Omit<SubmitResponseInput, 'agentCallApprovalId' | 'idempotencyKey'>): {
  faults: UserError[];
  figures: Figures | null;
} {
  const faults = new Faults();
  faults.json(['response'], input.response);
  faults.text(['summary'], input.summary, MAX_MESSAGE);
  const steps = input.nextSteps ?? [];
  if (steps.length > MAX_STEPS) faults.add(['nextSteps'], `nextSteps must be at most ${MAX_STEPS}`);
  for (const [at, step] of steps.slice(0, MAX_STEPS).entries())
    faults.text(['nextSteps', String(at)], step, MAX_MESSAGE);
  const others = faults.errors.length;
  tokensFault(faults, ['tokensUsed'], input.tokensUsed);
  const cost = unitsOf(faults, ['actualCost'], input.actualCost);
  const figures = faults.errors.length > others || cost === null ? null : { tokens: input.tokensUsed, cost };
  const { confidence } = input;
  if (confidence !== null && confidence !== undefined && !(confidence >= 0 && confidence <= 1))
    faults.add(['confidence'], 'confidence must be 0 to 1');
  return { faults: faults.errors, figures };
}

/** Behaviour 5.3, in this order: the call's own state, then what holds the project, then its session. */
function maySubmit(call: VotedApproval, { session, stopId }: Aggregate, draft: Draft): Outcome<null> {
  const pending = draft.approvals.filter((other) => other.callId === call.id && isPending(other));
  const able = mayAnswer(call, pending);
  if (!able.ok) return able;
  if (stopId !== null) return { ok: false, error: projectStopped };
  const live = mayAct(session);
  return live.ok ? allow(null) : live;
}

interface Submission {
  viewer: Viewer;
  input: SubmitResponseInput;
  figures: Figures;
  analysis: ResponseAnalysis;
  call: VotedApproval;
  aggregate: Aggregate;
}

/** The RESPONSE approval in the draft, and the alarm where the answer gives reason for one. Answers with its id. */
function ask(
  deps: ApprovalDeps,
  draft: Draft,
  { viewer, input, figures, analysis, call, aggregate }: Submission,
  now: Date,
): string {
  const id = deps.ids.next('approval');
  const { agentName, agentType } = callOf(call);
  const proposal: ResponseProposal = {
    agentName,
    response: input.response,
    nextSteps: input.nextSteps ?? [],
    tokensUsed: figures.tokens,
    actualCost: toDecimal(figures.cost),
    confidence: input.confidence ?? null,
  };
  const response: VotedApproval = {
    ...blankApproval(id, 'RESPONSE', viewer.actor, now),
    projectId: call.projectId,
    teamId: call.teamId,
    sessionId: call.sessionId,
    taskId: call.taskId,
    summary: input.summary || `Answer to: ${call.summary}`,
    ...approvalTerms(analysis.level, quorumOf(configurationOf(aggregate))),
    riskLevel: analysis.level,
    proposal: asJson(proposal),
    assessment: asJson(analysis),
    digest: sha256(canonicalJson(proposal)),
    callId: call.id,
  };
  putApproval(draft, response);
  moveTask(draft, aggregate.tasks, response, viewer.actor, now);
  draft.session = active(draft.session, now);
  draft.agents.push({ name: agentName, type: agentType });
  note(draft, 'response_approval_requested', response, viewer.actor, now, {
    agentName,
    agentCallApprovalId: call.id,
    riskLevel: analysis.level,
    requiredRole: response.requiredRole,
    digest: response.digest,
    tokensUsed: figures.tokens,
    actualCost: proposal.actualCost,
  });
  alarm(draft, response, analysis, viewer, now);
  return id;
}

/** A CRITICAL flag on an answer is reason to stop the project (behaviour 7.1). The event names codes, never evidence. */
function alarm(
  draft: Draft,
  response: VotedApproval,
  { flags }: ResponseAnalysis,
  viewer: Viewer,
  now: Date,
): void {
  const critical = flags.filter(({ level }) => level === 'CRITICAL');
  if (critical.length === 0) return;
  const codes = [...new Set(critical.map(({ code }) => code))];
  draft.signals.push({
    condition: 'SECURITY_THREAT',
    severity: 'CRITICAL',
    reason: `an agent's answer (${response.id}) was flagged: ${codes.join(', ')}`,
    actor: viewer.actor,
  });
  note(draft, 'safety_alert', response, viewer.actor, now, { level: 'CRITICAL', codes });
}
