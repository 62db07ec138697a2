import type { Intervention } from '../generated/prisma/client.ts';
import type { InterventionResolution, Role } from '../generated/prisma/enums.ts';
import { satisfies } from '../identity/permissions.ts';
import { takenFrom } from '../identity/team-roles.ts';
import { inScope, systemActor, type Viewer } from '../identity/viewer.ts';
import type { UserError } from '../kernel/errors.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { type Aggregate, type Decision, inTeam } from '../sessions/aggregate.ts';
import { begin, type Draft, toChange } from '../sessions/draft.ts';
import { about, projectStopped } from '../sessions/rules.ts';
import { advance } from './advance.ts';
import { escalateDraft } from './escalate.ts';
import { type HumanResponse, receiptOf, resolutionOf } from './response.ts';
import {
  grantsOwn,
  isFrozen,
  isPending,
  justEscalated,
  mayAnswer,
  mayChoose,
  mayStillAnswer,
  notFound,
} from './rules.ts';
import { answerFaults } from './schema-check.ts';
import { settle } from './settle.ts';
import { termsOf } from './terms.ts';

/** An answer as any door gives it, brought to one form. */
export interface Answer {
  /** approve, reject, modify, escalate, select_option, or a custom one, in lower case. */
  responseType: string;
  content: string;
  optionId: string | null;
  customInput: string | null;
  reasoning: string | null;
  modifications: Json;
  /** Undefined: none was given. */
  answer: Json | undefined;
  metadata: JsonObject;
  /** Where the answer escalates: the level wanted. */
  escalationLevel: number | null;
  /** The door's arguments that hold these, where it has them: what their faults name. */
  paths: AnswerPaths;
  /** A form asked for with a responseSchema must be filled in (behaviour 4.7). */
  formRequired: boolean;
  /** Given by resumeSession, which may also answer what has timed out (behaviour 3.7). */
  mayRevive: boolean;
  /** SHA-256 of mutation and arguments, to know a repeat by (behaviour 4.2). */
  fingerprint: string;
}

export interface AnswerPaths {
  modifications: string[];
  answer: string[];
  option: string[];
  level: string[];
}

export type AnswerReply = {
  interventionId: string;
  sessionId: string;
  resolution: InterventionResolution | null;
  sessionResumed: boolean;
};

export interface AnswerCommand {
  viewer: Viewer;
  answer: Answer;
  /** The role that nobody but the viewer was found to hold, who may then grant their own request; null: not looked. */
  alone: Role | null;
  /** Which of the session's interventions is meant, or why none. */
  find: (aggregate: Aggregate) => Intervention | UserError;
}

/** `own`: what was refused because the viewer had asked for it; whether that holds, others than rules must find out. */
export type AnswerDecision = Decision<AnswerReply> & { own?: Intervention };

/** Decides an answer: the one decision behind every door that gives one. */
export function decideAnswer(command: AnswerCommand, aggregate: Aggregate | null, now: Date): AnswerDecision {
  const { answer, find } = command;
  if (aggregate === null || !inScope(command.viewer, aggregate.session.projectId)) {
    return { refusal: [notFound] };
  }
  const viewer = inTeam(command.viewer, aggregate);
  const draft = begin(aggregate);
  let advanced = false;
  let target = find(aggregate);
  // What the clock does may change which one is meant (the oldest has just timed out), and surely how it stands.
  while (!('code' in target) && isPending(target) && advance(draft, target, now)) {
    advanced = true;
    target = find({ ...aggregate, session: draft.session, interventions: draft.interventions });
  }
  const due = advanced ? { change: toChange(aggregate, draft, systemActor, now) } : {};
  if ('code' in target) return { ...due, refusal: [target] };
  const repeated = repeatOf(target, answer, viewer);
  if (repeated !== null) return { ...due, reply: repeated };
  const taken = take(draft, target, { ...command, viewer }, now);
  if ('refusal' in taken) return { ...due, ...taken };
  return { change: toChange(aggregate, draft, viewer.actor, now), reply: taken.reply };
}

/** The first result, where the same person gives the same answer once more (behaviour 4.2). */
function repeatOf(intervention: Intervention, answer: Answer, { actor }: Viewer): AnswerReply | null {
  const of = { interventionId: intervention.id, sessionId: intervention.sessionId };
  if (justEscalated(intervention, actor, answer.fingerprint))
    return { ...of, resolution: 'ESCALATED', sessionResumed: false };
  const receipt = receiptOf(intervention);
  if (receipt === null || receipt.actorId !== actor.id || receipt.fingerprint !== answer.fingerprint)
    return null;
  return { ...of, resolution: intervention.resolution, sessionResumed: receipt.sessionResumed };
}

function take(
  draft: Draft,
  intervention: Intervention,
  { answer, viewer, alone }: AnswerCommand,
  now: Date,
): { reply: AnswerReply } | { refusal: UserError[]; own?: Intervention } {
  const revives =
    intervention.status === 'TIMEOUT' && intervention.open && draft.session.status === 'TIMEOUT';
  const open = mayStillAnswer(intervention);
  if (!open.ok && !(revives && answer.mayRevive)) return { refusal: [open.error] };
  if (isFrozen(intervention) && answer.responseType !== 'reject') return { refusal: [projectStopped] };
  const allowed = mayAnswer(intervention, viewer);
  if (!allowed.ok) return { refusal: [allowed.error] };
  const overrides = allowed.value.override ? ['claim'] : [];
  let option = null;
  if (answer.optionId !== null) {
    const chosen = mayChoose(intervention, answer.optionId, viewer, answer.paths.option);
    if (!chosen.ok) return { refusal: [chosen.error] };
    option = chosen.value.option;
    if (chosen.value.override) overrides.push('disabled_option');
  }
  const reply = { interventionId: intervention.id, sessionId: intervention.sessionId };
  if (answer.responseType === 'escalate' || option?.category === 'ESCALATION') {
    const level = answer.escalationLevel ?? levelOf(option?.metadata);
    const reason = answer.reasoning || answer.content || (option?.label ?? '');
    const { fingerprint, paths } = answer;
    const wanted = { level, at: paths.level, reason, fingerprint };
    const fault = escalateDraft(draft, intervention, wanted, viewer, now);
    if (fault !== null) return { refusal: [fault] };
    return { reply: { ...reply, resolution: 'ESCALATED', sessionResumed: false } };
  }
  const taken = takenFrom(viewer, answer.mayRevive ? 'session.resume' : 'intervention.resolve');
  if (taken !== null) return { refusal: [taken] };
  if (termsOf(intervention).requireReason && !answer.reasoning?.trim()) return { refusal: [reasonRequired] };
  if (grantsOwn(intervention, viewer, answer.responseType)) {
    // Nobody else held that role: then nobody else holds one above it either.
    if (alone === null || !satisfies(intervention.requiredRole, alone))
      return { refusal: [selfApproval], own: intervention };
    overrides.push('self_approval');
  }
  const faults = formFaults(intervention, answer);
  if (faults.length > 0) return { refusal: faults };
  if (answer.responseType === 'modify' && answer.modifications === null) {
    return {
      refusal: [
        { code: 'INVALID_INPUT', message: 'MODIFY needs modifications', path: answer.paths.modifications },
      ],
    };
  }
  const response: HumanResponse = {
    responseType: answer.responseType,
    content: answer.content || (option ? `Selected option: ${option.label}` : ''),
    selectedOption: option,
    customInput: answer.customInput,
    reasoning: answer.reasoning,
    modifications: answer.modifications,
    answer: answer.answer ?? null,
    metadata: answer.metadata,
    respondedBy: viewer.actor,
    timestamp: now.toISOString(),
  };
  const receipt = { actorId: viewer.actor.id, fingerprint: answer.fingerprint };
  const sessionResumed = settle(draft, intervention, response, viewer.actor, receipt, now);
  for (const override of overrides) {
    draft.events.push({
      ...about(draft.session, viewer.actor, now),
      type: 'human_override',
      subjectId: intervention.id,
      data: { override },
    });
  }
  return {
    reply: { ...reply, resolution: revives ? 'TIMEOUT' : resolutionOf(answer.responseType), sessionResumed },
  };
}

const selfApproval: UserError = {
  code: 'SELF_APPROVAL',
  message: 'who asked does not grant it: another person must answer',
};

const reasonRequired: UserError = {
  code: 'REASON_REQUIRED',
  message: 'the team wants a reasoning with every answer to this type of request',
  path: ['reasoning'],
};

/** An option of category ESCALATION may name its level. */
const levelOf = (metadata: JsonObject | undefined): number | null =>
  typeof metadata?.escalation_level === 'number' ? metadata.escalation_level : null;

/** Behaviour 4.7: a form that was asked for is filled in as its schema says; one that was not required is still checked. */
function formFaults({ responseSchema }: Intervention, { answer, formRequired, paths }: Answer): UserError[] {
  if (responseSchema === null) return [];
  if (answer !== undefined && answer !== null) return answerFaults(responseSchema, answer, paths.answer);
  if (!formRequired) return [];
  return [
    {
      code: 'INVALID_INPUT',
      message: 'an answer that satisfies responseSchema is required',
      path: paths.answer,
    },
  ];
}
