import { type Amounts, type BudgetCheck, check as checkBudget, rolled, shortfall } from '../budgets/rules.ts';
import { type BudgetState, toDecimal } from '../budgets/state.ts';
import type { Task } from '../generated/prisma/client.ts';
import type { AgentType } from '../generated/prisma/enums.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { type Actor, inScope, personOf, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE, MAX_NAME } from '../kernel/bounds.ts';
import { addSeconds } from '../kernel/clock.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { schemaFault, valueFaults } from '../kernel/json-schema.ts';
import {
  type Aggregate,
  asJson,
  configurationOf,
  deny,
  type Decision,
  type Outcome,
  type VotedApproval,
} from '../sessions/aggregate.ts';
import { begin, type Draft, putApproval, toChange } from '../sessions/draft.ts';
import { StandingSpent } from '../standing/use.ts';
import { about, active, mayAct, projectStopped } from '../sessions/rules.ts';
import { tokensFault, unitsOf } from './amounts.ts';
import { assessCall } from './assess-call.ts';
import { blankApproval } from './blank.ts';
import { nextDue } from './deadlines.ts';
import { type CallProposal, callSummary } from './proposal.ts';
import type { ApprovalDeps, RiskAssessment } from './seams.ts';
import { moveTask, note, putTask } from './settle.ts';
import {
  letThrough,
  PassOutdated,
  type StandingPass,
  standingPass,
  standingPassNow,
} from './standing-pass.ts';
import { isFinished } from './task-status.ts';
import { approvalTerms, holdUntil, MAX_TIMEOUT_MINUTES, quorumOf, timeoutMinutes } from './terms.ts';

export interface RequestCallInput {
  sessionId: string;
  taskId?: string | null;
  agentName: string;
  agentType?: AgentType | null;
  proposedAction: string;
  inputData: Json;
  inputSchema?: Json;
  contextSummary?: string | null;
  estimatedTokens?: number | null;
  /** A decimal's text. */
  estimatedCost?: string | null;
  timeoutMinutes?: number | null;
  idempotencyKey?: string | null;
}

/** What was found out before the decision, which must not wait for anything. */
export interface Prepared {
  viewer: Viewer;
  input: RequestCallInput;
  tokens: number;
  /** Ten-thousandths of a dollar. */
  cost: bigint;
  digest: string;
  assessment: RiskAssessment;
  /** What lets it through at once; null: a person is asked. */
  pass: StandingPass | null;
}

/**
 * An agent asks to make a call; nothing runs before it is approved (behaviour 5.1). Makes its task where none is named,
 * and holds what the call is expected to cost (5.2). Refusals: INVALID_INPUT for bounds (10.3) and an input that its own
 * schema does not accept, INVALID_STATE once the session has ended, EMERGENCY_STOPPED, BUDGET_EXCEEDED naming the lines
 * with what is asked of each and what it has left.
 */
export async function requestAgentCallApproval(deps: ApprovalDeps, viewer: Viewer, input: RequestCallInput) {
  const { cost, tokens } = checked(input);
  const idempotency = idempotencyOf(viewer.credentialId, 'requestAgentCallApproval', input);
  const session = await deps.prisma.session.findUnique({ where: { id: input.sessionId } });
  if (session === null || !inScope(viewer, session.projectId))
    throw refuse('NOT_FOUND', 'there is no such session', ['sessionId']);
  const { agentName, proposedAction, inputData } = input;
  const assessment = await assessCall(deps, session, {
    agentName,
    agentType: input.agentType ?? 'CUSTOM',
    proposedAction,
    input: inputData,
    estimatedTokens: tokens,
    estimatedCost: cost,
  });
  const digest = deps.permits.digestOf({ agentName, proposedAction, input: inputData });
  const asked = { viewer, input, tokens, cost, digest, assessment };
  for (let attempt = 1; ; attempt++) {
    const pass = attempt < ATTEMPTS ? await standingPass(deps, session, asked) : null;
    const prepared: Prepared = { ...asked, pass };
    try {
      return await deps.changeSession<{ approvalId: string }>({
        sessionId: input.sessionId,
        ...(input.taskId ? { taskId: input.taskId, withApprovals: true } : {}),
        withBudget: true,
        withConfiguration: true,
        idempotency,
        decide: (aggregate, now) => decideRequest(deps, prepared, aggregate, now),
      });
    } catch (error) {
      // Others were faster with the standing approval, or it was revoked: what stands now is looked at anew.
      if (pass === null || !(error instanceof StandingSpent || error instanceof PassOutdated)) throw error;
    }
  }
}

/** How often a standing approval is looked for before a person is asked: each time, others were faster with the last one. */
const ATTEMPTS = 10;

function checked(input: RequestCallInput) {
  const faults = new Faults();
  faults.text(['agentName'], input.agentName, MAX_NAME, 1);
  faults.text(['proposedAction'], input.proposedAction, MAX_MESSAGE, 1);
  faults.text(['contextSummary'], input.contextSummary, MAX_MESSAGE);
  faults.json(['inputData'], input.inputData);
  const tokens = input.estimatedTokens ?? 0;
  tokensFault(faults, ['estimatedTokens'], tokens);
  const cost = unitsOf(faults, ['estimatedCost'], input.estimatedCost ?? '0');
  const minutes = input.timeoutMinutes ?? 1;
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MAX_TIMEOUT_MINUTES)
    faults.add(['timeoutMinutes'], `timeoutMinutes must be 1 to ${MAX_TIMEOUT_MINUTES}`);
  if (input.inputSchema !== null && input.inputSchema !== undefined) {
    faults.json(['inputSchema'], input.inputSchema);
    const fault = faults.errors.length === 0 ? schemaFault(input.inputSchema) : null;
    if (fault !== null) faults.add(['inputSchema'], `inputSchema ${fault}`);
    else if (faults.errors.length === 0) {
      const root = { root: ['inputData'], schemaName: 'inputSchema' };
      faults.errors.push(...valueFaults(input.inputSchema, input.inputData, root));
    }
  }
  if (faults.errors.length > 0 || cost === null) throw new DomainError(faults.errors);
  return { tokens, cost };
}

function decideRequest(
  deps: ApprovalDeps,
  prepared: Prepared,
  aggregate: Aggregate | null,
  now: Date,
): Decision<{ approvalId: string }> {
  const { viewer, input, tokens, cost } = prepared;
  if (aggregate === null || !inScope(viewer, aggregate.session.projectId))
    return { refusal: [{ code: 'NOT_FOUND', message: 'there is no such session', path: ['sessionId'] }] };
  const able = mayRequest(aggregate, input.taskId ?? null);
  if (!able.ok) return { refusal: [able.error] };
  const draft = begin(aggregate);
  const budget = runningBudget(aggregate, now);
  const estimate = { tokens: BigInt(tokens), cost };
  const check = checkBudget(budget, estimate);
  if (!check.allowed) {
    const { error } = tooDear(check, budget, estimate);
    if (!check.emergencyStopRequired) return { refusal: [error] };
    // The one refusal that changes something (behaviour 6.4): the project has to be stopped.
    draft.signals.push({
      condition: 'BUDGET_CRITICAL',
      severity: 'CRITICAL',
      reason: error.message,
      actor: viewer.actor,
    });
    return { change: toChange(aggregate, draft, viewer.actor, now), refusal: [error] };
  }
  const approvalId = ask(deps, draft, { prepared, aggregate, check }, now);
  draft.session = active(draft.session, now);
  draft.agents.push({ name: input.agentName, type: input.agentType ?? undefined });
  return { change: toChange(aggregate, draft, viewer.actor, now), reply: { approvalId } };
}

/**
 * What is left in the periods that run by now. Where one of them is over, it is begun with the hold, in the project's own
 * time zone; what was used in the one before counts no more whatever the zone.
 */
function runningBudget({ budget, session }: Aggregate, now: Date): BudgetState {
  if (budget === null) throw new Error(`the project ${session.projectId} has no budget`);
  return rolled(budget, 'UTC', now);
}

function mayRequest({ session, stopId, tasks }: Aggregate, taskId: string | null): Outcome<null> {
  if (stopId !== null) return { ok: false, error: projectStopped };
  const able = mayAct(session);
  if (!able.ok || taskId === null) return able;
  const task = tasks.find(({ id }) => id === taskId);
  if (task === undefined) return deny('NOT_FOUND', 'the session has no such task', ['taskId']);
  if (isFinished(task)) return deny('INVALID_STATE', `the task is ${task.status}`, ['taskId']);
  return able;
}

const tooDear = (
  { violations, emergencyStopRequired }: BudgetCheck,
  budget: BudgetState,
  estimate: Amounts,
) =>
  deny(
    'BUDGET_EXCEEDED',
    emergencyStopRequired && violations.length === 0
      ? "the estimate would take the day's cost past what stops the project"
      : `the budget cannot carry the estimate: ${shortfall(budget, estimate)}`,
  ) as Extract<Outcome<null>, { ok: false }>;

/** The approval, its task and its hold, in the draft. Answers with the approval's id. */
function ask(
  deps: ApprovalDeps,
  draft: Draft,
  { prepared, aggregate, check }: { prepared: Prepared; aggregate: Aggregate; check: BudgetCheck },
  now: Date,
): string {
  const { viewer, input, assessment, tokens, cost } = prepared;
  const { session } = aggregate;
  const configuration = configurationOf(aggregate);
  const quorum = quorumOf(configuration);
  const terms = approvalTerms(assessment.level, quorum);
  const minutes = input.timeoutMinutes ?? timeoutMinutes(configuration);
  const pass = standingPassNow(prepared.pass, { minutes, terms }, now);
  const id = pass?.approvalId ?? deps.ids.next('approval');
  const reservationId = deps.ids.next('reservation');
  const expiresAt = pass?.expiresAt ?? addSeconds(now, minutes * 60);
  const task = input.taskId
    ? null
    : madeTask(deps.ids.next('task'), session, { input, actor: viewer.actor }, now);
  const approval: VotedApproval = {
    ...blankApproval(id, 'AGENT_CALL', viewer.actor, now),
    projectId: session.projectId,
    teamId: session.teamId,
    sessionId: session.id,
    taskId: input.taskId ?? task!.id,
    summary: callSummary(input.agentName, input.proposedAction),
    ...terms,
    quorum: asJson(quorum),
    riskLevel: assessment.level,
    proposal: asJson(proposalOf(prepared, minutes, check)),
    assessment: asJson(assessment),
    digest: prepared.digest,
    reservationId,
    expiresAt,
    dueAt: nextDue({ createdAt: now, expiresAt, warned: false, frozenMs: 0 }),
  };
  putApproval(draft, approval);
  if (task !== null) {
    putTask(draft, task);
    draft.events.push({
      ...about(session, viewer.actor, now),
      type: 'task_created',
      subjectId: task.id,
      data: { agentName: task.agentName, agentType: task.agentType },
    });
  } else moveTask(draft, aggregate.tasks, approval, viewer.actor, now);
  draft.money.push({
    kind: 'hold',
    projectId: session.projectId,
    reservationId,
    tokens,
    cost,
    approvalId: id,
    createdAt: now,
    expiresAt: holdUntil(expiresAt),
  });
  note(draft, 'agent_approval_requested', approval, viewer.actor, now, {
    agentName: input.agentName,
    agentType: input.agentType ?? 'CUSTOM',
    riskLevel: assessment.level,
    requiredRole: approval.requiredRole,
    digest: approval.digest,
    estimatedTokens: tokens,
    estimatedCost: toDecimal(cost),
    expiresAt: expiresAt.toISOString(),
  });
  if (pass !== null) letThrough(draft, approval, { pass, cost, tasks: aggregate.tasks }, now);
  return id;
}

const proposalOf = (
  { input, tokens, cost }: Prepared,
  minutes: number,
  check: BudgetCheck,
): CallProposal => ({
  agentName: input.agentName,
  agentType: input.agentType ?? 'CUSTOM',
  proposedAction: input.proposedAction,
  inputData: input.inputData,
  inputSchema: input.inputSchema ?? null,
  contextSummary: input.contextSummary ?? null,
  estimatedTokens: tokens,
  estimatedCost: toDecimal(cost),
  timeoutMinutes: minutes,
  budgetCheck: check,
});

/** The task of this one call: it goes where the call goes. */
function madeTask(
  id: string,
  session: Aggregate['session'],
  { input, actor }: { input: RequestCallInput; actor: Actor },
  now: Date,
): Task {
  return {
    id,
    sessionId: session.id,
    projectId: session.projectId,
    agentName: input.agentName,
    agentType: input.agentType ?? 'CUSTOM',
    instructions: input.proposedAction,
    status: 'AWAITING_APPROVAL',
    haltedFrom: null,
    madeForCall: true,
    result: null,
    createdAt: now,
    updatedAt: now,
    finishedAt: null,
    givenById: personOf(actor),
    finishedById: null,
  };
}
