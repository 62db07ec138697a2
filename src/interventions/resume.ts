import type { Intervention } from '../generated/prisma/client.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE, MAX_NAME } from '../kernel/bounds.ts';
import { DomainError, type UserError } from '../kernel/errors.ts';
import { type Json, plainObject } from '../kernel/json.ts';
import type { Aggregate } from '../sessions/aggregate.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { fingerprintOf, idempotencyOf } from '../idempotency/idempotency.ts';
import { isHalted, projectStopped, waitsForHuman } from '../sessions/rules.ts';
import type { Answer, AnswerReply } from './answer.ts';
import { give } from './answer-intervention.ts';
import { customAnswer } from './respond.ts';
import { receiptOf } from './response.ts';

export interface ResumeInput {
  responseType: string;
  content: string;
  optionId?: string | null;
  customInput?: string | null;
  answer?: Json;
  metadata?: Json;
  idempotencyKey?: string | null;
}

/** Answers the session's current intervention, or revives a TIMEOUT session (behaviour 3.7). */
export async function resumeSession(
  deps: SessionDeps,
  viewer: Viewer,
  sessionId: string,
  input: ResumeInput,
) {
  const faults = new Faults();
  faults.text(['humanResponse', 'content'], input.content, MAX_MESSAGE);
  faults.text(['humanResponse', 'responseType'], input.responseType, MAX_NAME, 1);
  faults.text(['humanResponse', 'customInput'], input.customInput, MAX_MESSAGE);
  faults.jsonObject(['humanResponse', 'metadata'], input.metadata);
  faults.json(['humanResponse', 'answer'], input.answer);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const idempotency = idempotencyOf(viewer.credentialId, 'resumeSession', { sessionId, ...input });
  const answer = answerOf(input, fingerprintOf({ mutation: 'resumeSession', sessionId, ...input }));
  try {
    return await give(deps, viewer, { by: { sessionId }, answer, idempotency, find });
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'INVALID_STATE') throw error;
    const first = await firstResult(deps, viewer, sessionId, answer.fingerprint);
    if (first === null) throw error;
    return { reply: first, change: null };
  }
}

/**
 * What the same person's same answer got before (behaviour 4.2), where nothing is left to answer. While something is,
 * an equal answer is a new one: it may well be meant for the next question.
 */
async function firstResult(
  deps: SessionDeps,
  viewer: Viewer,
  sessionId: string,
  fingerprint: string,
): Promise<AnswerReply | null> {
  const answered = await deps.prisma.intervention.findFirst({
    where: { sessionId, receipt: { path: ['fingerprint'], equals: fingerprint } },
    orderBy: { id: 'desc' },
  });
  const receipt = answered && receiptOf(answered);
  if (!receipt || receipt.actorId !== viewer.actor.id || !inScope(viewer, answered.projectId)) return null;
  return {
    interventionId: answered.id,
    sessionId,
    resolution: answered.resolution,
    sessionResumed: receipt.sessionResumed,
  };
}

function answerOf(input: ResumeInput, fingerprint: string): Answer {
  const { content, responseType, optionId, customInput, metadata, answer } = input;
  const custom = customAnswer({ responseText: content, responseType, metadata, answer }, fingerprint, {
    modifications: ['humanResponse', 'content'],
    answer: ['humanResponse', 'answer'],
    option: ['humanResponse', 'optionId'],
    level: ['humanResponse', optionId == null ? 'responseType' : 'optionId'],
  });
  const given = { ...custom, customInput: customInput ?? null, mayRevive: true };
  if (optionId === null || optionId === undefined) return given;
  return {
    ...given,
    responseType: 'select_option',
    optionId,
    metadata: plainObject(metadata),
    formRequired: true,
  };
}

/** The oldest one pending, or in a session that timed out the oldest one unanswered. */
function find({ session, interventions }: Aggregate): Intervention | UserError {
  const oldest = waitsForHuman(session)
    ? interventions.find(({ status }) => status === 'PENDING')
    : session.status === 'TIMEOUT'
      ? interventions.find(({ status, open }) => status === 'TIMEOUT' && open)
      : undefined;
  if (oldest !== undefined) return oldest;
  if (isHalted(session)) return projectStopped;
  return { code: 'INVALID_STATE', message: `the session is ${session.status}; there is nothing to answer` };
}
