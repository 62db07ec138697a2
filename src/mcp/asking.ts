import { z } from 'zod';
import type { Connection } from '../client/connection.ts';
import { HoldpointError } from '../client/errors.ts';
import { accepted } from '../client/payload.ts';
import type {
  InterventionType,
  InterventionUrgency,
  RequestInterventionInput,
} from '../generated/mcp/graphql.ts';
import { interventionAnswer } from './answers.ts';
import * as documents from './documents.ts';
import { idempotencyKey, type Tool, tool } from './tool.ts';

const types = [
  'decision',
  'follow_up',
  'approval',
  'escalation',
  'quality_review',
  'error_resolution',
  'risk_assessment',
  'compliance_check',
] as const;
const urgencies = ['low', 'normal', 'high', 'critical'] as const;
const upper = <T extends string>(name: string): T => name.toUpperCase() as T;

const option = z.strictObject({
  id: z.string().describe('Names the option, each once'),
  label: z.string().describe('What the person reads on it'),
  description: z.string().describe('What choosing it means'),
  value: z.string().describe('What you get back when it is chosen'),
  recommended: z.boolean().default(false).describe('The one that you would take'),
  metadata: z.record(z.string(), z.unknown()).optional().describe('budget_impact, risk_level and the like'),
});
const context = z
  .looseObject({
    session_id: z.string().optional().describe('The session that waits; start_session makes one'),
    agent_name: z.string().optional().describe('Who asks; "agent" when left out'),
  })
  .describe(
    'What the person has to know: budget_impact, risk_level, confidence, deadline, stakeholders, and whatever else',
  );
type Asker = {
  session_id?: string | undefined;
  agent_name?: string | undefined;
  context?: Record<string, unknown> | undefined;
  idempotency_key?: string | undefined;
};

/** The session stands in the context, where agents of this shape put it, or beside it. */
function sessionOf({ session_id, context: about }: Asker): string {
  const id = session_id ?? about?.session_id;
  if (typeof id === 'string' && id !== '') return id;
  throw new HoldpointError('INVALID_INPUT', 'context.session_id is missing: start_session makes a session');
}
function agentOf({ agent_name, context: about }: Asker): string {
  const name = agent_name ?? about?.agent_name;
  return typeof name === 'string' && name !== '' ? name : 'agent';
}

/** What was asked, in the words of the API; under a key it is asked until there is an answer, and once. */
async function ask(
  connection: Connection,
  asker: Asker,
  question: Omit<RequestInterventionInput, 'sessionId' | 'agentName' | 'idempotencyKey'>,
  signal: AbortSignal,
) {
  const { requestIntervention } = await connection.request(
    documents.requestIntervention,
    {
      input: {
        ...question,
        sessionId: sessionOf(asker),
        agentName: agentOf(asker),
        idempotencyKey: asker.idempotency_key,
      },
    },
    { signal, repeatable: asker.idempotency_key !== undefined },
  );
  return accepted(requestIntervention).intervention!;
}

export const asking: readonly Tool[] = [
  tool({
    name: 'start_session',
    title: 'Start a session',
    description: 'Begins a piece of work of this agent. Every request belongs to a session.',
    readOnly: false,
    idempotent: false,
    input: z.strictObject({
      team_id: z.string().describe('The team that the agent works in'),
      task: z.string().describe('What it is to do, in words'),
      context: z.record(z.string(), z.unknown()).optional().describe('What is known at its beginning'),
      idempotency_key: idempotencyKey,
    }),
    async run(connection, { team_id, task, ...rest }, { signal }) {
      const { createSession } = await connection.request(
        documents.startSession,
        {
          input: {
            teamId: team_id,
            initialMessage: task,
            context: rest.context,
            idempotencyKey: rest.idempotency_key,
          },
        },
        { signal, repeatable: rest.idempotency_key !== undefined },
      );
      const session = accepted(createSession).session!;
      return {
        status: 'started',
        session_id: session.id,
        team_id: session.teamId,
        project_id: session.projectId,
      };
    },
  }),
  tool({
    name: 'request_human_intervention',
    title: 'Ask a person',
    description:
      'Asks a person for a decision, an approval or help. Use it when you need human input to go on safely. It answers at once with an intervention_id: call wait_for_decision with it, and do not go on before there is a decision.',
    readOnly: false,
    idempotent: false,
    input: z.strictObject({
      intervention_type: z.enum(types).describe('What kind of answer is needed'),
      message: z.string().describe('What the person has to know and to decide, in plain words'),
      context,
      urgency: z.enum(urgencies).default('normal'),
      options: z.array(option).optional().describe('What the person can choose from'),
      async_mode: z.boolean().default(false).describe('Whether the agent works on after the answer'),
      session_id: z.string().optional(),
      agent_name: z.string().optional(),
      timeout: z.int().optional().describe('Seconds that people have; the configured time when left out'),
      response_schema: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('A JSON Schema of the answer: the person fills in a form'),
      idempotency_key: idempotencyKey,
    }),
    async run(connection, args, { signal }) {
      const asked = await ask(
        connection,
        args,
        {
          type: upper<InterventionType>(args.intervention_type),
          message: args.message,
          context: args.context,
          urgency: upper<InterventionUrgency>(args.urgency),
          options: args.options,
          asyncMode: args.async_mode,
          timeout: args.timeout,
          responseSchema: args.response_schema,
        },
        signal,
      );
      return {
        status: 'intervention_requested',
        intervention_id: asked.id,
        message: 'A person has been asked. The session waits for the answer: call wait_for_decision.',
        workstation_url: asked.workstationUrl,
        timeout: asked.timeout,
        expires_at: asked.expiresAt,
        required_role: asked.requiredRole.toLowerCase(),
        async_mode: args.async_mode,
      };
    },
  }),
  tool({
    name: 'check_intervention_status',
    title: 'Look whether there is an answer',
    description: 'The state of what a person was asked, and the answer where there is one. Does not wait.',
    readOnly: true,
    idempotent: true,
    input: z.strictObject({ intervention_id: z.string() }),
    async run(connection, { intervention_id }, { signal }) {
      const { intervention } = await connection.request(
        documents.interventionStatus,
        { id: intervention_id },
        { signal, repeatable: true },
      );
      if (intervention == null)
        throw new HoldpointError('NOT_FOUND', `there is no intervention ${intervention_id}`);
      return interventionAnswer(intervention);
    },
  }),
  tool({
    name: 'escalate_to_human',
    title: 'Call for somebody higher up',
    description:
      'Puts the present situation before a person, as an escalation. Answers at once, with an intervention_id.',
    readOnly: false,
    idempotent: false,
    input: z.strictObject({
      escalation_reason: z.string().describe('Why it needs somebody higher up'),
      escalation_level: z
        .int()
        .min(1)
        .max(3)
        .default(1)
        .describe(
          '1: a supervisor, 2: a manager, 3: an admin is wanted. Who must answer is the configuration’s to say',
        ),
      context: context.optional(),
      session_id: z.string().optional(),
      agent_name: z.string().optional(),
      idempotency_key: idempotencyKey,
    }),
    async run(connection, args, { signal }) {
      const asked = await ask(
        connection,
        args,
        {
          type: 'ESCALATION',
          message: args.escalation_reason,
          context: { ...args.context, escalation_level: args.escalation_level },
          urgency: args.escalation_level === 3 ? 'CRITICAL' : 'HIGH',
        },
        signal,
      );
      return {
        status: 'escalated',
        escalation_level: args.escalation_level,
        reason: args.escalation_reason,
        message: 'A person has been asked. The session waits for the answer: call wait_for_decision.',
        intervention_id: asked.id,
        workstation_url: asked.workstationUrl,
      };
    },
  }),
  tool({
    name: 'get_session_context',
    title: 'Read a session',
    description: 'What was said and decided in a session so far, and its context.',
    readOnly: true,
    idempotent: true,
    input: z.strictObject({ session_id: z.string() }),
    async run(connection, { session_id }, { signal }) {
      const { session } = await connection.request(
        documents.sessionContext,
        { id: session_id },
        { signal, repeatable: true },
      );
      if (session == null) throw new HoldpointError('NOT_FOUND', `there is no session ${session_id}`);
      return {
        session_id: session.id,
        status: session.status.toLowerCase(),
        team_id: session.teamId,
        project_id: session.projectId,
        conversation_history: session.conversationHistory.map(({ agentName, ...turn }) => ({
          agent_name: agentName,
          ...turn,
        })),
        context: session.context,
        intervention_points: session.interventionPoints.map((point) => ({
          intervention_id: point.interventionId,
          agent_name: point.agentName,
          intervention_type: point.interventionType.toLowerCase(),
          message: point.message,
          timestamp: point.timestamp,
        })),
      };
    },
  }),
];
