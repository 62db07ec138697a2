import type { Connection } from './connection.ts';
import { answerStatus, callStatus, cancelCall, requestCall, startCall, submitAnswer } from './documents.ts';
import type { EmergencyStops } from './emergency.ts';
import { HoldpointError, NotApproved } from './errors.ts';
import type { AgentCallApprovalInput, ClientAnswerQuery, ClientCallQuery } from './generated/graphql.ts';
import { accepted } from './payload.ts';
import type { PermitChecks } from './permit.ts';
import { untilSettled } from './wait.ts';

/** What a call takes: whole tokens, and dollars as a decimal. */
export interface Usage {
  tokens: number;
  cost: string;
}

type Of<Input, Value> = Value | ((input: Input) => Value);

export interface GuardOptions<Input, Output> {
  sessionId: Of<Input, string>;
  agentName: string;
  /** What is to be done, in words; it is part of what is consented to. */
  action: Of<Input, string>;
  agentType?: AgentCallApprovalInput['agentType'];
  /** A JSON Schema that the input, and whatever an approver makes of it, must satisfy. */
  inputSchema?: unknown;
  contextSummary?: Of<Input, string>;
  /** Held in the project's budget until the call has ended. */
  estimate?: Of<Input, Usage>;
  /** What it really took; without it, the estimate. */
  usage?: (output: Output) => Usage;
  /** Within which the call must be started. */
  timeoutMinutes?: number;
  /**
   * The answer is approved as well before it is given back (behaviour 5.1). `false`: it is handed in all the same, and given
   * back without waiting for that.
   */
  review?: boolean;
}

export interface CallOptions {
  /** Gives the wait up, and is handed on to the function while it runs. */
  signal?: AbortSignal;
  /** The same call made again under it, by whatever process, waits for the same approval; of all, one runs. */
  idempotencyKey?: string;
}

/** What a guarded function is told besides its input. */
export interface Permitted {
  approvalId: string;
  /** To be handed on to a tool elsewhere that checks it itself. */
  permit: string;
  /** Aborted by the caller, and by an emergency stop of the project. */
  signal: AbortSignal;
}

type Call = Extract<NonNullable<ClientCallQuery['approval']>, { __typename: 'AgentCallApproval' }>;
type Answer = Extract<NonNullable<ClientAnswerQuery['approval']>, { __typename: 'ResponseApproval' }>;

const NOTHING: Usage = { tokens: 0, cost: '0' };

interface Deps {
  connection: Connection;
  permits: PermitChecks;
  stops: EmergencyStops;
}

/**
 * `run`, once a person has approved it: with the input as they approved it, which its permit is checked to be for, and at
 * most once. Rejects with NotApproved, and with whatever `run` throws.
 */
export function guard<Input, Output>(
  { connection, permits, stops }: Deps,
  run: (input: Input, permitted: Permitted) => Output | Promise<Output>,
  options: GuardOptions<Input, Output>,
): (input: Input, call?: CallOptions) => Promise<Output> {
  return async (input, { signal, idempotencyKey = crypto.randomUUID() } = {}) => {
    const { agentName, usage, review = true } = options;
    const proposedAction = of(options.action, input);
    const estimate = options.estimate === undefined ? null : of(options.estimate, input);
    const { requestAgentCallApproval: asked } = await connection.request(
      requestCall,
      {
        input: {
          sessionId: of(options.sessionId, input),
          agentName,
          agentType: options.agentType,
          proposedAction,
          inputData: input,
          inputSchema: options.inputSchema,
          contextSummary:
            options.contextSummary === undefined ? undefined : of(options.contextSummary, input),
          timeoutMinutes: options.timeoutMinutes,
          ...(estimate !== null && { estimatedTokens: estimate.tokens, estimatedCost: estimate.cost }),
          idempotencyKey,
        },
      },
      { signal, repeatable: true },
    );
    const { id, projectId } = accepted(asked).approval!;
    const approved = await approvedCall(connection, id, signal);
    const final = (approved.approvedInput ?? approved.inputData) as Input;
    const permitted = { approvalId: id, agentName, proposedAction, input: final };
    await permits.assertPermits(approved.permit, permitted, signal);

    const stop = stops.signalOf(projectId);
    try {
      stop.signal.throwIfAborted();
      // Not repeatable: of two answers that got lost, nobody knows which one the call may run by.
      accepted((await connection.request(startCall, { id }, { signal })).startAgentCall);
      const running = AbortSignal.any([stop.signal, ...(signal === undefined ? [] : [signal])]);
      const output = await ran(connection, id, () =>
        run(final, { approvalId: id, permit: approved.permit!, signal: running }),
      );
      const answerId = await handIn(connection, id, output, usage?.(output) ?? estimate ?? NOTHING);
      if (review) await approvedAnswer(connection, answerId, signal);
      return output;
    } finally {
      stop.release();
    }
  };
}

const of = <Input, Value>(value: Of<Input, Value>, input: Input): Value =>
  typeof value === 'function' ? (value as (input: Input) => Value)(input) : value;

async function approvedCall(connection: Connection, id: string, signal?: AbortSignal): Promise<Call> {
  const call: Call = await untilSettled(connection, {
    id,
    read: callStatus,
    signal,
    settled({ approval }) {
      if (approval?.__typename !== 'AgentCallApproval')
        throw new HoldpointError('NOT_FOUND', `there is no approval ${id} to be seen`);
      return approval.status === 'PENDING' ? null : approval;
    },
  });
  if (call.status !== 'APPROVED')
    throw new NotApproved({ id, status: call.status, reason: call.rejectionReason ?? null });
  return call;
}

/** What the call gives; one that fails is taken back, and with it what was held for it. */
async function ran<Output>(
  connection: Connection,
  id: string,
  run: () => Output | Promise<Output>,
): Promise<Output> {
  try {
    return await run();
  } catch (error) {
    const reason = `failed: ${error instanceof Error ? error.message : String(error)}`.slice(0, 2_000);
    // Its hold ends by itself otherwise; what the caller has to hear is what the function threw.
    await connection.request(cancelCall, { id, reason }, { repeatable: true }).catch(() => {});
    throw error;
  }
}

/** The answer, with what it took: from here the budget has it. */
async function handIn(
  connection: Connection,
  callId: string,
  output: unknown,
  { tokens, cost }: Usage,
): Promise<string> {
  const { submitAgentResponse: submitted } = await connection.request(
    submitAnswer,
    {
      input: {
        agentCallApprovalId: callId,
        response: output ?? null,
        tokensUsed: tokens,
        actualCost: cost,
        idempotencyKey: `answer of ${callId}`,
      },
    },
    { repeatable: true },
  );
  return accepted(submitted).approval!.id;
}

async function approvedAnswer(connection: Connection, id: string, signal?: AbortSignal): Promise<void> {
  const answer: Answer = await untilSettled(connection, {
    id,
    read: answerStatus,
    signal,
    settled({ approval }) {
      if (approval?.__typename !== 'ResponseApproval')
        throw new HoldpointError('NOT_FOUND', `there is no approval ${id} to be seen`);
      return approval.status === 'PENDING' ? null : approval;
    },
  });
  if (answer.status !== 'APPROVED')
    throw new NotApproved({
      id,
      status: answer.status,
      reason: answer.rejectionReason ?? null,
      modifications: answer.modificationsRequired,
    });
}
