import { z } from 'zod';
import { optionCategories } from '../../interventions/option.ts';
import { MAX_SECONDS } from '../../kernel/bounds.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { sha256 } from '../../kernel/json.ts';
import {
  CallFailed,
  type CallOutcome,
  type CallResult,
  CannotContinue,
  type Grant,
  type Turn,
} from '../runner.ts';

// What goes over the wire between Holdpoint and a remote agent. Holdpoint POSTs a turn, signed as the Standard Webhooks
// specification says; the agent answers in one of these ways:
//
//   200 {"steps": […], "state": {…}, "wakeInSeconds": n}   all three may be left out: Holdpoint does the steps in order
//   202, 204, or 200 with an empty body                    taken; the agent does what it does by the API, with its own key
//   408, 425, 429, 5xx, no answer                          try again later: the same turn comes again
//   any other, and every redirect                          the session is FAILED
//
// A turn that comes again with the same news has the same `webhook-id`. One with more news has another id; each piece
// of news has a `key` of its own, which never changes.
//
// Where a trigger of the team asks a person about a `report`, the steps after it are not done: they come back as `undone`
// of each turn until one has the answer. What is asked stands in `pending` till then, and in `news` of that turn, by the
// report's step; the agent sends again what it still wants done.
//
// A call that the agent proposes (`do: "call"`) goes through the gate. Once it is approved, Holdpoint POSTs it, once and
// never again, as `session.call`, with the input that may run and the permit for it; the agent makes the call and answers
//
//   200 {"response": …, "tokensUsed": n, "actualCost": "0.31", "summary": …, "confidence": …}
//   200 {"error": "…", "tokensUsed": n, "actualCost": "0.31"}   it failed, and this is what it cost
//
// How a call ended stands in `calls` of a later turn, by its step.

/** The version of the body. Raised when a field changes its meaning; new fields may come without that. */
const VERSION = 1;

/** How a call of the agent's has ended, or that people want another answer to it. */
export interface EndedCall {
  step: string;
  outcome: CallOutcome;
}

/** The body of the POST. */
export function bodyOf(
  { session, number, attempt, start, news, pending, state }: Turn,
  calls: readonly EndedCall[],
  undone: readonly JsonObject[],
): string {
  const saved = state === null ? null : (state.agent ?? null);
  return JSON.stringify({
    v: VERSION,
    type: 'session.turn',
    session,
    turn: { number, attempt, start },
    news,
    pending,
    calls,
    undone,
    state: saved,
  });
}

/** The same for the same turn with the same news, whichever attempt it is. */
export function messageId({ session, number, news }: Turn, calls: readonly EndedCall[]): string {
  const told = [
    ...news.map(({ key }) => key),
    ...calls.map(({ step, outcome }) => `${step} ${outcome.status} ${outcome.approvalId}`),
  ];
  return `turn_${sha256([session.id, number, ...told].join('\n')).slice(0, 32)}`;
}

/** The body that asks the agent to make a call that was approved. */
export const callBodyOf = (
  { session }: Turn,
  step: string,
  { approvalId, input, permit }: Omit<Grant, 'signal'>,
): string => JSON.stringify({ v: VERSION, type: 'session.call', session, step, approvalId, input, permit });

export const callId = ({ approvalId }: Pick<Grant, 'approvalId'>): string => `call_${approvalId}`;

const name = z.string().min(1);
const object = z.record(z.string(), z.json()).transform((value) => value as JsonObject);
const step = z.string().min(1).max(200);

const option = z.strictObject({
  id: name,
  label: name,
  description: z.string().default(''),
  value: z.string(),
  category: z.enum(optionCategories).optional(),
  metadata: object.optional(),
  recommended: z.boolean().optional(),
  disabled: z.boolean().optional(),
});

const agentType = z.enum(['ORCHESTRATOR', 'ANALYST', 'ARCHITECT', 'CODER', 'TESTER', 'DEPLOYER', 'CUSTOM']);

const interventionType = z.enum([
  'DECISION',
  'FOLLOW_UP',
  'APPROVAL',
  'ESCALATION',
  'QUALITY_REVIEW',
  'ERROR_RESOLUTION',
  'RISK_ASSESSMENT',
  'COMPLIANCE_CHECK',
]);

const report = {
  agentName: name,
  type: name,
  input: z.string().optional(),
  output: z.string().optional(),
  metrics: object.optional(),
  context: object.optional(),
};

const result = {
  response: z.json(),
  summary: z.string().optional(),
  nextSteps: z.array(z.string()).optional(),
  tokensUsed: z.int(),
  actualCost: z.string(),
  confidence: z.number().optional(),
};

/** One thing for Holdpoint to do; the same as the desk's calls (runner.ts). `step` names what must not be done twice. */
const action = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('ask'),
    step,
    agentName: name,
    type: interventionType,
    message: name,
    context: object.optional(),
    urgency: z.enum(['LOW', 'NORMAL', 'HIGH', 'CRITICAL']).optional(),
    options: z.array(option).optional(),
    timeout: z.int().optional(),
    autoContinue: z.boolean().optional(),
    asyncMode: z.boolean().optional(),
    responseSchema: object.optional(),
  }),
  z.strictObject({ do: z.literal('report'), step, ...report }),
  z.strictObject({ do: z.literal('say'), step, agentName: name, input: z.string(), response: z.string() }),
  z.strictObject({
    do: z.literal('createTask'),
    step,
    agentName: name,
    agentType: agentType.optional(),
    instructions: name,
  }),
  /** `task`: the step that made it, in this turn or an earlier one; or its id as `taskId`. */
  z.strictObject({
    do: z.literal('finishTask'),
    task: step.optional(),
    taskId: name.optional(),
    status: z.enum(['COMPLETED', 'FAILED']),
    result: z.json().optional(),
  }),
  z.strictObject({
    do: z.literal('call'),
    step,
    agentName: name,
    agentType: agentType.optional(),
    task: step.optional(),
    taskId: name.optional(),
    action: name,
    input: z.json(),
    inputSchema: object.optional(),
    contextSummary: z.string().optional(),
    estimatedTokens: z.int().optional(),
    estimatedCost: z.string().optional(),
    timeoutMinutes: z.int().optional(),
  }),
  /** Another answer to a call of which `calls` said `revise`. */
  z.strictObject({ do: z.literal('revise'), step, ...result }),
  z.strictObject({ do: z.literal('complete'), result: z.json().optional() }),
  z.strictObject({ do: z.literal('fail'), reason: name }),
]);

export type Action = z.output<typeof action>;

const answer = z.strictObject({
  steps: z.array(action).max(1_000).default([]),
  /** Kept, and sent along with the next turn. */
  state: object.nullish(),
  /** Send a turn in so many seconds, though nothing new may have come. */
  wakeInSeconds: z.number().min(0).max(MAX_SECONDS).nullish(),
});

export type AgentAnswer = z.output<typeof answer>;

const called = z.union([
  z.strictObject(result),
  z.strictObject({ error: name, tokensUsed: z.int(), actualCost: z.string() }),
]);

/** Reads what came of a call. Whatever can't be read is a call that failed, and nobody knows at what cost. */
export function readCalled(text: string): CallResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('the agent answered the call with something that is not JSON');
  }
  const parsed = called.safeParse(value);
  if (!parsed.success)
    throw new Error(`the agent's answer to the call can't be used: ${faultsOf(parsed.error)}`);
  if ('error' in parsed.data) throw new CallFailed(parsed.data.error, parsed.data);
  return parsed.data;
}

const faultsOf = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => `${path.join('.') || 'the answer'}: ${message}`).join('; ');

/** Reads what an agent answered with. CannotContinue names every fault: the agent would say the same again. */
export function readAnswer(text: string): AgentAnswer {
  if (text.trim() === '') return { steps: [] };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CannotContinue('the agent answered with something that is not JSON');
  }
  const parsed = answer.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CannotContinue(`the agent's answer can't be used: ${faultsOf(parsed.error)}`);
}
