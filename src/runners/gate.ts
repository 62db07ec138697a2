import { setTimeout as delay } from 'node:timers/promises';
import { callOf, responseOf } from '../approvals/proposal.ts';
import { requestAgentCallApproval } from '../approvals/request-call.ts';
import type { ApprovalDeps } from '../approvals/seams.ts';
import { startAgentCall } from '../approvals/start-call.ts';
import { checkAnswer, submitAgentResponse } from '../approvals/submit-response.ts';
import { isUnavailable } from '../database/faults.ts';
import type { Approval } from '../generated/prisma/client.ts';
import type { Viewer } from '../identity/viewer.ts';
import { assertNever } from '../kernel/assert-never.ts';
import { DomainError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { storableText, unstorable } from '../kernel/storable.ts';
import { reveal } from '../privacy/reveal.ts';
import { reportExecutionEvent } from '../sessions/report.ts';
import { afterCall, beforeCall } from './checkpoint.ts';
import { CallFailed, type CallOutcome, type CallResult, type GatedCall, type Grant } from './runner.ts';

// The only way from a runner to a tool or a model (behaviour 5.1):
//
//   ask, hold the estimate ──approved──▶ start ──▶ run ──▶ settle, ask for the answer ──approved──▶ use
//        │                                 │                     ╰─ to be modified ──▶ another answer, asked for anew
//        ╰─ rejected, expired, cancelled   ╰─ the worker dies before it settled ──▶ interrupted, never run again
//
// Before the first of these, and before an answer is used, the team's triggers are looked at (checkpoint.ts): what one
// asks is answered first.
//
// Nothing is kept here between turns: each step of the way is a verb's commit, and what stands in the database says which
// one is next. So a worker that dies between any two leaves the next one to do exactly what is left, or, where only the
// dead one could know what was done, to say so.

/** One call of one session's runner. */
export interface Passage {
  viewer: Viewer;
  sessionId: string;
  step: string;
  signal: AbortSignal;
}

/** What stands of a call: its approval, and the last answer to it. */
interface Standing {
  call: Approval;
  answer: Approval | null;
}

/** Goes as far as can be gone now. */
export async function passGate(
  deps: ApprovalDeps,
  passage: Passage,
  proposed: GatedCall,
  run: (grant: Grant) => Promise<CallResult>,
): Promise<CallOutcome> {
  const asked = await approvalOf(deps, passage);
  if (asked === null) {
    const moment = { ...passage, step: `${passage.step}#before`, approvalId: null };
    const heldUp = await beforeCall(deps, moment, proposed);
    if (heldUp !== null) return heldUp;
  }
  const approvalId = asked ?? (await ask(deps, passage, proposed));
  if (typeof approvalId !== 'string') return approvalId;
  const standing = await read(deps, approvalId);
  if (!mayBegin(standing)) return outcomeOf(deps, passage, standing);
  const refused = await start(deps, passage, approvalId);
  // Expired, cancelled or stopped at this very moment, or taken by a worker that was believed dead.
  if (refused) return outcomeOf(deps, passage, await read(deps, approvalId));
  await settle(deps, passage, standing.call, run);
  return outcomeOf(deps, passage, await read(deps, approvalId));
}

/** Another answer to a call whose last one is to be modified. */
export async function revise(deps: ApprovalDeps, passage: Passage, result: CallResult): Promise<CallOutcome> {
  const approvalId = await approvalOf(deps, passage);
  if (approvalId === null)
    throw new DomainError([{ code: 'NOT_FOUND', message: 'no call was asked for under this step' }]);
  const standing = await read(deps, approvalId);
  // Done before, in a turn that was cut off: what stands tells how it went on.
  if (standing.answer?.status === 'REQUIRES_MODIFICATION')
    await submit(deps, passage, standing.call, result, `${passage.step}#after:${standing.answer.id}`);
  return outcomeOf(deps, passage, await read(deps, approvalId));
}

const mayBegin = ({ call, answer }: Standing): boolean =>
  call.status === 'APPROVED' && call.startedAt === null && answer === null;

/** The approval that this step asked for, in whatever turn. */
async function approvalOf({ prisma }: ApprovalDeps, { viewer, step }: Passage): Promise<string | null> {
  const row = await prisma.idempotencyKey.findUnique({
    where: {
      credentialId_mutation_key: {
        credentialId: viewer.credentialId,
        mutation: 'requestAgentCallApproval',
        key: step,
      },
    },
  });
  return (row?.reply as { value: { approvalId: string } } | undefined)?.value.approvalId ?? null;
}

async function ask(
  deps: ApprovalDeps,
  { viewer, sessionId, step }: Passage,
  { action, input, ...call }: GatedCall,
): Promise<string | CallOutcome> {
  try {
    const { reply } = await requestAgentCallApproval(deps, viewer, {
      ...call,
      sessionId,
      proposedAction: action,
      inputData: input,
      idempotencyKey: step,
    });
    return reply.approvalId;
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'BUDGET_EXCEEDED') throw error;
    return { status: 'over_budget', approvalId: null, message: error.message };
  }
}

async function read({ prisma, vault }: ApprovalDeps, id: string): Promise<Standing> {
  const [call, answer] = await Promise.all([
    prisma.approval.findUniqueOrThrow({ where: { id } }),
    prisma.approval.findFirst({ where: { callId: id }, orderBy: { id: 'desc' } }),
  ]);
  return reveal({ prisma, vault }, call.projectId, { call, answer }, call.sessionId);
}

/** True: it was refused, and what stands tells why. A stop ends the turn instead. */
async function start(deps: ApprovalDeps, { viewer }: Passage, approvalId: string): Promise<boolean> {
  try {
    await startAgentCall(deps, viewer, approvalId);
    return false;
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'EMERGENCY_STOPPED') throw error;
    return true;
  }
}

/** Runs what was approved, and puts down what it answered and cost, whatever came of it. */
async function settle(
  deps: ApprovalDeps,
  passage: Passage,
  call: Approval,
  run: (grant: Grant) => Promise<CallResult>,
): Promise<void> {
  const { signal } = passage;
  const input = (call.approvedInput ?? callOf(call).inputData) as Json;
  let result: CallResult;
  try {
    signal.throwIfAborted();
    result = kept(await run({ approvalId: call.id, input, permit: call.permit, signal }));
  } catch (error) {
    result = failed(call, error);
  }
  await persistently(signal, () => submit(deps, passage, call, result, `${passage.step}#answer`));
  signal.throwIfAborted();
}

/** An answer that can't be kept (behaviour 10.2, 10.3) is a failure, which was paid for all the same. */
function kept(result: CallResult): CallResult {
  const { faults, figures } = checkAnswer(result);
  const fault = faults[0]?.message ?? unstorable(result, 'answer');
  if (fault === null) return result;
  const message = `the answer can't be kept: ${fault}`;
  throw figures === null ? new Error(message) : new CallFailed(message, result);
}

/** Milliseconds between two attempts to put down what a call came to. */
const AGAIN_AFTER = 200;

/**
 * What was run and paid for is not forgotten because the database was away for a moment. Ends with the turn. A refusal
 * of a session that is halted is none of the figures (behaviour 5.3): they stand, and the abort ends the turn.
 */
async function persistently(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!isUnavailable(error)) throw error;
      await delay(AGAIN_AFTER, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** Where the runner does not know what a failed call cost, the estimate counts as spent. */
function failed(call: Approval, error: unknown): CallResult {
  const { estimatedTokens, estimatedCost } = callOf(call);
  const message = error instanceof Error ? error.message : String(error);
  return {
    response: { error: storableText(message, 2_000) || 'the call failed without a message' },
    confidence: 0,
    ...(error instanceof CallFailed
      ? { tokensUsed: error.tokensUsed, actualCost: error.actualCost }
      : { tokensUsed: estimatedTokens, actualCost: estimatedCost }),
  };
}

async function submit(
  deps: ApprovalDeps,
  { viewer }: Passage,
  call: Approval,
  { confidence, ...result }: CallResult,
  idempotencyKey: string,
): Promise<void> {
  await submitAgentResponse(deps, viewer, {
    ...result,
    agentCallApprovalId: call.id,
    ...(confidence !== undefined && { confidence }),
    idempotencyKey,
  });
}

/** What a call has come to, for its runner. */
async function outcomeOf(
  deps: ApprovalDeps,
  passage: Passage,
  { call, answer }: Standing,
): Promise<CallOutcome> {
  const approvalId = call.id;
  switch (call.status) {
    case 'PENDING':
      return { status: 'waiting', approvalId };
    case 'REJECTED':
      return { status: 'rejected', what: 'call', reason: call.rejectionReason, approvalId };
    case 'TIMED_OUT':
      return { status: 'expired', approvalId };
    case 'CANCELLED':
      return { status: 'cancelled', reason: call.rejectionReason, approvalId };
    case 'APPROVED':
      if (answer !== null)
        return (await heldUpAfter(deps, passage, call, answer)) ?? answered(approvalId, answer);
      // Approved behind what was read: the turn that this causes goes on with it.
      if (call.startedAt === null) return { status: 'waiting', approvalId };
      await reportInterrupted(deps, passage, call);
      return { status: 'interrupted', approvalId };
    case 'REQUIRES_MODIFICATION':
      throw new Error('a call is never to be modified: its input is, by whoever approves it');
    default:
      return assertNever(call.status);
  }
}

/** Why an answer that is approved, or may yet be, is not used: a trigger of the team asks a person about it. */
async function heldUpAfter(
  deps: ApprovalDeps,
  passage: Passage,
  call: Approval,
  answer: Approval,
): Promise<CallOutcome | null> {
  if (answer.status !== 'PENDING' && answer.status !== 'APPROVED') return null;
  const step = `${passage.step}#after:${answer.id}`;
  return afterCall(deps, { ...passage, step, approvalId: call.id }, call, answer);
}

function answered(approvalId: string, answer: Approval): CallOutcome {
  const { response } = responseOf(answer);
  switch (answer.status) {
    case 'PENDING':
      return { status: 'waiting', approvalId };
    case 'APPROVED':
      return { status: 'done', response, approvalId };
    case 'REJECTED':
      return { status: 'rejected', what: 'response', reason: answer.rejectionReason, approvalId };
    case 'REQUIRES_MODIFICATION':
      return {
        status: 'revise',
        modifications: answer.modifications as Json,
        reason: answer.rejectionReason,
        previous: response,
        approvalId,
      };
    case 'CANCELLED':
    case 'TIMED_OUT':
      return { status: 'cancelled', reason: answer.rejectionReason, approvalId };
    default:
      return assertNever(answer.status);
  }
}

/** A person will want to know of it, once: under a step of its own. */
async function reportInterrupted(deps: ApprovalDeps, passage: Passage, call: Approval): Promise<void> {
  await reportExecutionEvent(deps, passage.viewer, {
    sessionId: passage.sessionId,
    agentName: callOf(call).agentName,
    type: 'call_interrupted',
    output:
      'The call was started and its worker died before it had told what came of it. It is not run again.',
    context: { approvalId: call.id, step: passage.step },
    idempotencyKey: `${passage.step}#interrupted`,
  });
}
