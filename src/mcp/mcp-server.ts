import {
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  ResourceTemplate,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Connection, Document } from '../client/connection.ts';
import { HoldpointError } from '../client/errors.ts';
import * as documents from './documents.ts';
import type { Tool } from './tool.ts';
import { tools } from './tools.ts';

const INSTRUCTIONS = `Holdpoint stands between you and the people answerable for what you do. Begin with start_session. Ask before you act: request_human_intervention for a decision, request_approval for a call. Then call wait_for_decision until there is one, and do what it says, no more.`;

/**
 * A server for one caller, whose `connection` says things in their name: over HTTP one is made for each request, over stdio
 * for the process.
 */
export function createMcpServer(connection: Connection, version: string): McpServer {
  const server = new McpServer(
    { name: 'holdpoint', title: 'Holdpoint', version },
    { instructions: INSTRUCTIONS },
  );
  for (const tool of tools) {
    const { name, title, description, input, readOnly, idempotent } = tool;
    server.registerTool(
      name,
      {
        title,
        description,
        inputSchema: input,
        annotations: {
          readOnlyHint: readOnly,
          idempotentHint: idempotent,
          destructiveHint: false,
          openWorldHint: false,
        },
      },
      async (args, context) => await answered(tool, connection, args, context),
    );
  }
  server.registerResource(
    'pending',
    'holdpoint://pending',
    {
      title: 'What waits for a person',
      description: 'Pending interventions and approvals, the newest 100 of each',
      mimeType: 'application/json',
    },
    async (uri) => json(uri, await read(connection, documents.pendingItems, {})),
  );
  server.registerResource(
    'intervention',
    new ResourceTemplate('holdpoint://interventions/{id}', { list: undefined }),
    { title: 'One intervention', mimeType: 'application/json' },
    async (uri, { id }) => {
      const { intervention } = await read(connection, documents.interventionStatus, { id: String(id) });
      if (intervention == null)
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `there is no intervention ${String(id)}`);
      return json(uri, intervention);
    },
  );
  server.registerPrompt(
    'agent_instructions',
    {
      title: 'How this agent is supervised',
      description: 'The section on supervision of an agent’s system prompt, from its team’s configuration',
      argsSchema: z.object({ team_id: z.string(), agent_name: z.string() }),
    },
    async ({ team_id, agent_name }) => {
      const { agentInstructions } = await read(connection, documents.instructions, {
        teamId: team_id,
        agentName: agent_name,
      });
      return { messages: [{ role: 'user', content: { type: 'text', text: agentInstructions } }] };
    },
  );
  return server;
}

async function answered(tool: Tool, connection: Connection, args: unknown, { mcpReq }: ServerContext) {
  const token = mcpReq._meta?.progressToken;
  let progress = 0;
  const call = {
    signal: mcpReq.signal,
    progress(message: string) {
      if (token === undefined) return;
      progress += 1;
      // One that cannot be told any more has gone, and its signal says so.
      mcpReq
        .notify({ method: 'notifications/progress', params: { progressToken: token, progress, message } })
        .catch(() => {});
    },
  };
  try {
    const answer = await tool.run(connection, args as never, call);
    return { content: [{ type: 'text' as const, text: JSON.stringify(answer) }], structuredContent: answer };
  } catch (error) {
    if (!(error instanceof HoldpointError)) throw error;
    const { code, message, faults } = error;
    const answer = { status: 'error', code, message, errors: faults };
    return {
      isError: true,
      content: [{ type: 'text' as const, text: JSON.stringify(answer) }],
      structuredContent: answer,
    };
  }
}

/** What the API turned down, as a fault of the request: thrown as it is, it would read as one of the server. */
async function read<Data, Variables>(
  connection: Connection,
  document: Document<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  try {
    return await connection.request(document, variables, { repeatable: true });
  } catch (error) {
    if (!(error instanceof HoldpointError) || !CALLERS.has(error.code)) throw error;
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${error.code}: ${error.message}`);
  }
}

const CALLERS = new Set(['NOT_FOUND', 'FORBIDDEN', 'BAD_USER_INPUT', 'INVALID_INPUT']);

const json = (uri: URL, value: unknown) => ({
  contents: [{ uri: uri.href, mimeType: 'application/json', text: JSON.stringify(value) }],
});
