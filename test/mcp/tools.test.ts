import { Client } from '@modelcontextprotocol/client';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as OlderClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OlderTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { makeProject, type TestWorld } from '../support/world.ts';

const database = withDatabase();
let app: TestApp;
let world: TestWorld;
beforeAll(async () => {
  app = await startApp({ database: database() });
  world = await makeProject(app, ADMIN_KEY, 'mcp');
});
afterAll(() => app.stop());

/** What both generations of clients have. */
interface AnyClient {
  listTools(): Promise<{ tools: { name: string; annotations?: object; inputSchema: object }[] }>;
  callTool(request: { name: string; arguments: object }): Promise<unknown>;
  listPrompts(): Promise<{ prompts: { name: string }[] }>;
  getPrompt(request: { name: string; arguments: Record<string, string> }): Promise<unknown>;
  readResource(request: { uri: string }): Promise<unknown>;
  close(): Promise<void>;
}

const about = { name: 'tests', version: '1' };
const headers = (key: string) => ({ requestInit: { headers: { authorization: `Bearer ${key}` } } });
const url = () => new URL(`${app.url}/mcp`);

const connections: Record<string, (key: string) => Promise<AnyClient>> = {
  async 'the official client, of the 2026-07-28 protocol, over HTTP'(key) {
    const client = new Client(about, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StreamableHTTPClientTransport(url(), headers(key)));
    expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
    return client as never;
  },
  async 'the official client, of the protocol before it, over HTTP'(key) {
    const client = new Client(about);
    await client.connect(new StreamableHTTPClientTransport(url(), headers(key)));
    return client as never;
  },
  async 'the client of the older SDK, over HTTP'(key) {
    const client = new OlderClient(about);
    await client.connect(new OlderTransport(url(), headers(key)) as never);
    return client as never;
  },
  async 'the official client, over stdio'(key) {
    const client = new Client(about, { versionNegotiation: { mode: 'auto' } });
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [fileURLToPath(new URL('../../scripts/mcp.ts', import.meta.url))],
      env: { HOLDPOINT_URL: app.url, HOLDPOINT_TOKEN: key },
      stderr: 'inherit',
    });
    await client.connect(transport);
    return client as never;
  },
};

describe.each(Object.keys(connections))('%s', (name) => {
  let client: AnyClient;
  beforeAll(async () => {
    client = await connections[name]!(world.keys.AGENT);
  });
  afterAll(() => client?.close());

  /** The structured answer of a tool, which its text says as well. */
  async function call(tool: string, args: object): Promise<any> {
    const answer = (await client.callTool({ name: tool, arguments: args })) as {
      isError?: boolean;
      content: { text: string }[];
      structuredContent: unknown;
    };
    expect(JSON.parse(answer.content[0]!.text)).toEqual(answer.structuredContent);
    expect(answer.isError ?? false).toBe((answer.structuredContent as { status: string }).status === 'error');
    return answer.structuredContent;
  }

  const start = async (): Promise<string> =>
    (await call('start_session', { team_id: world.teamId, task: 'tidy up' })).session_id;

  test('lists its tools, with what they take', async () => {
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name).sort()).toEqual([
      'check_intervention_status',
      'escalate_to_human',
      'get_session_context',
      'report_usage',
      'request_approval',
      'request_human_intervention',
      'start_session',
      'wait_for_decision',
    ]);
    const ask = tools.find((tool) => tool.name === 'request_human_intervention')!;
    expect(ask.inputSchema).toMatchObject({
      required: expect.arrayContaining(['intervention_type', 'message', 'context']),
    });
  });

  test('asks, waits and gets what a person chose', async () => {
    const session_id = await start();
    const asked = await call('request_human_intervention', {
      intervention_type: 'decision',
      message: 'Which one?',
      context: { session_id, agent_name: 'janitor', risk_level: 'low' },
      urgency: 'high',
      options: [{ id: 'a', label: 'A', description: 'the first', value: 'one', recommended: true }],
    });
    expect(asked).toMatchObject({
      status: 'intervention_requested',
      workstation_url: expect.stringContaining(asked.intervention_id),
      timeout: 300,
    });
    const id = asked.intervention_id;
    expect(await call('check_intervention_status', { intervention_id: id })).toMatchObject({
      intervention_id: id,
      status: 'pending',
      resolved: false,
      human_response: null,
      session_resumed: false,
    });
    expect(await call('wait_for_decision', { id, max_seconds: 0.1 })).toMatchObject({
      status: 'pending',
      id,
    });
    const waiting = call('wait_for_decision', { id });
    await app.ok(
      world.keys.OPERATOR,
      'mutation($id: ID!) { selectInterventionOption(id: $id, optionId: "a", reasoning: "first") { success errors { code } } }',
      { id },
    );
    expect(await waiting).toMatchObject({
      intervention_id: id,
      status: 'resolved',
      resolved: true,
      resolution: 'option_selected',
      session_resumed: true,
      human_response: { reasoning: 'first', selected_option: { id: 'a', value: 'one' } },
    });
    const { intervention } = await app.ok(
      world.keys.OPERATOR,
      'query($id: ID!) { intervention(id: $id) { delivery agentName urgency type } }',
      { id },
    );
    expect(intervention).toEqual({
      delivery: 'DELIVERED',
      agentName: 'janitor',
      urgency: 'HIGH',
      type: 'DECISION',
    });
    expect(await call('get_session_context', { session_id })).toMatchObject({
      session_id,
      status: 'active',
      intervention_points: [
        { intervention_id: id, agent_name: 'janitor', intervention_type: 'decision', message: 'Which one?' },
      ],
    });
  });

  test('escalates', async () => {
    const session_id = await start();
    const escalated = await call('escalate_to_human', {
      escalation_reason: 'nobody knows',
      escalation_level: 2,
      context: { session_id },
    });
    expect(escalated).toMatchObject({ status: 'escalated', escalation_level: 2, reason: 'nobody knows' });
    expect(
      (await client.readResource({
        uri: `holdpoint://interventions/${escalated.intervention_id}`,
      })) as object,
    ).toMatchObject({ contents: [{ text: expect.stringContaining('PENDING') }] });
    expect((await client.readResource({ uri: 'holdpoint://pending' })) as object).toMatchObject({
      contents: [{ text: expect.stringContaining(escalated.intervention_id) }],
    });
  });

  test('is gated: asks for a call, gets the input as approved with its permit, and settles it', async () => {
    const session_id = await start();
    const { approval_id, status, action_digest } = await call('request_approval', {
      session_id,
      agent_name: 'janitor',
      action: 'delete a file',
      input: { path: 'a' },
      estimated_tokens: 10,
      estimated_cost: '0.01',
    });
    expect(status).toBe('pending');
    const waiting = call('wait_for_decision', { id: approval_id });
    await app.ok(
      world.keys.SUPERVISOR,
      'mutation($id: ID!) { respondToApproval(id: $id, response: {verdict: APPROVE, approvedInput: {path: "b"}}) { success errors { code } } }',
      { id: approval_id },
    );
    const approved = await waiting;
    expect(approved).toMatchObject({ approved: true, status: 'approved', approved_input: { path: 'b' } });
    expect(approved.permit.split('.')).toHaveLength(3);
    expect(approved.action_digest).not.toBe(action_digest);
    expect(
      await call('report_usage', { approval_id, result: 'gone', tokens: 7, cost: '0.005' }),
    ).toMatchObject({ status: 'settled', answer_status: 'pending' });
    const spent = await call('report_usage', { project_id: world.id, tokens: 5, cost: '0.5' });
    expect(spent.budget).toHaveLength(4);
    expect(await call('report_usage', { tokens: 5, cost: '0.5' })).toMatchObject({
      status: 'error',
      code: 'INVALID_INPUT',
    });
  });

  test('says what is refused, by name, and does not break', async () => {
    const session_id = await start();
    const ask = (more: object) =>
      call('request_human_intervention', {
        intervention_type: 'decision',
        message: 'x',
        context: { session_id },
        ...more,
      });
    expect(await ask({ context: {} })).toMatchObject({ status: 'error', code: 'INVALID_INPUT' });
    expect(await ask({ context: { session_id: 'session_missing' } })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await ask({ message: 'x'.repeat(20_001) })).toMatchObject({
      code: 'INVALID_INPUT',
      errors: [{ path: ['message'], message: expect.stringContaining('20000') }],
    });
    expect(
      await call('check_intervention_status', { intervention_id: 'intervention_missing' }),
    ).toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await call('wait_for_decision', { id: 'approval_missing' })).toMatchObject({ code: 'NOT_FOUND' });
    const wrong = (tool: string, args: object) =>
      client.callTool({ name: tool, arguments: args }).then(
        (answer) => (answer as { isError?: boolean }).isError === true,
        () => true,
      );
    expect(await wrong('no_such_tool', {})).toBe(true);
    expect(await wrong('start_session', { team_id: 5 })).toBe(true);
    expect(await wrong('wait_for_decision', { id: 'x', max_seconds: 3_600 })).toBe(true);
    expect(await ask({})).toMatchObject({ status: 'intervention_requested' });
  });

  test("has the agent's instructions as a prompt", async () => {
    const answer = (await client.getPrompt({
      name: 'agent_instructions',
      arguments: { team_id: world.teamId, agent_name: 'janitor' },
    })) as { messages: { content: { text: string } }[] };
    expect(answer.messages[0]!.content.text).toMatch(/person/);
    // Of a team that there is not: a fault of whoever asked, and not the server's.
    await expect(
      client.getPrompt({
        name: 'agent_instructions',
        arguments: { team_id: 'team_01h00000000000000000000000', agent_name: 'janitor' },
      }),
    ).rejects.toMatchObject({ code: -32602, message: expect.stringContaining('NOT_FOUND') });
  });
});
