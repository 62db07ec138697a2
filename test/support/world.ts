import type { ApiClient } from './app.ts';

export const roles = ['AGENT', 'VIEWER', 'OPERATOR', 'SUPERVISOR', 'MANAGER', 'ADMIN'] as const;
export type Role = (typeof roles)[number];
export type Keys = Record<Role, string>;

export async function makeKey(
  api: ApiClient,
  admin: string,
  role: Role,
  projectId: string | null,
  name: string = role,
) {
  const { createApiKey } = await api.ok(
    admin,
    'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { success errors { code } secret apiKey { id } } }',
    { input: { name, role, projectId } },
  );
  return { secret: createApiKey.secret as string, id: createApiKey.apiKey.id as string };
}

async function keysOf(api: ApiClient, admin: string, projectId: string | null): Promise<Keys> {
  const made = roles.map(
    async (role) => [role, (await makeKey(api, admin, role, projectId)).secret] as const,
  );
  return Object.fromEntries(await Promise.all(made)) as Keys;
}

/** A project with a team and a key of each role, made through the API, and shorthands for what happens in it. */
export async function makeProject(api: ApiClient, admin: string, name: string) {
  const { createProject } = await api.ok(
    admin,
    'mutation($name: String!) { createProject(input: {name: $name}) { success errors { code } project { id } } }',
    { name },
  );
  const id: string = createProject.project.id;
  const team = async (teamName: string): Promise<string> =>
    (
      await api.ok(
        admin,
        'mutation($id: ID!, $name: String!) { createTeam(input: {projectId: $id, name: $name}) { success errors { code } team { id } } }',
        { id, name: teamName },
      )
    ).createTeam.team.id;
  const teamId = await team(`${name}'s team`);
  const keys = await keysOf(api, admin, id);
  let held = 0;
  return {
    id,
    name,
    teamId,
    team,
    keys,
    async session(input: object = {}): Promise<string> {
      const data = await api.ok(
        keys.AGENT,
        'mutation($input: CreateSessionInput!) { createSession(input: $input) { success errors { code message } session { id } } }',
        { input: { teamId: this.teamId, initialMessage: `work of ${name}`, ...input } },
      );
      return data.createSession.session.id;
    },
    /** Asks in a session of its own, unless one is named. */
    async ask(input: { sessionId?: string; [field: string]: unknown } = {}): Promise<string> {
      const sessionId = input.sessionId ?? (await this.session());
      const data = await api.ok(
        keys.AGENT,
        'mutation($input: RequestInterventionInput!) { requestIntervention(input: $input) { success errors { code message } intervention { id } } }',
        { input: { agentName: 'coder', type: 'DECISION', message: `may ${name}?`, ...input, sessionId } },
      );
      return data.requestIntervention.intervention.id;
    },
    /** A call that somebody asks for, in a session of its own. */
    async call(key: string = keys.AGENT, action = 'look'): Promise<string> {
      const data = await api.ok(
        key,
        'mutation($id: ID!, $action: String!) { requestAgentCallApproval(input: {sessionId: $id, agentName: "coder", proposedAction: $action, inputData: {}}) { success errors { code message } approval { id } } }',
        { id: await this.session(), action },
      );
      return data.requestAgentCallApproval.approval.id;
    },
    async rejectCall(id: string): Promise<void> {
      await api.ok(
        keys.OPERATOR,
        'mutation($id: ID!) { respondToApproval(id: $id, response: {verdict: REJECT, reason: "tidy"}) { success errors { message } } }',
        { id },
      );
    },
    /** A call of an action of its own, so that what is granted from it lets no other one through. */
    heldCall(): Promise<string> {
      held += 1;
      return this.call(keys.AGENT, `look ${held}`);
    },
    /** A standing approval that somebody grants, for a day. */
    async standing(key: string = keys.OPERATOR): Promise<string> {
      const data = await api.ok(
        key,
        'mutation($id: ID!) { createStandingApproval(input: {approvalId: $id, maximumUses: 5, maximumCost: "1", expiresAt: "2026-03-03T00:00:00Z"}) { success errors { code message } standingApproval { id } } }',
        { id: await this.heldCall() },
      );
      return data.createStandingApproval.standingApproval.id;
    },
    async task(): Promise<string> {
      const data = await api.ok(
        keys.AGENT,
        'mutation($id: ID!) { createTask(input: {sessionId: $id, agentName: "coder", instructions: "do"}) { success errors { code } task { id } } }',
        { id: await this.session() },
      );
      return data.createTask.task.id;
    },
    async reserve(): Promise<string> {
      const data = await api.ok(
        keys.AGENT,
        'mutation($id: ID!) { reserveBudget(input: {projectId: $id, tokens: 10, cost: "0.01"}) { success errors { code } reservation { id } } }',
        { id },
      );
      return data.reserveBudget.reservation.id;
    },
    async approve(id: string, key: string = keys.OPERATOR): Promise<any> {
      const data = await api.ok(
        key,
        'mutation($id: ID!) { resolveIntervention(id: $id, resolution: {resolutionType: APPROVE}) { success errors { code message } sessionResumed } }',
        { id },
      );
      return data.resolveIntervention;
    },
  };
}

export type TestWorld = Awaited<ReturnType<typeof makeProject>>;
