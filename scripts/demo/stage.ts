// A project for one scene, its scripted sessions, and how they are followed.
import { type Client, PAYLOAD, unwrap } from './client.ts';

export interface Stage {
  client: Client;
  /** Whether this script does what people would. */
  auto: boolean;
  projectId: string;
  teamId: string;
}

export async function setStage(client: Client, auto: boolean, name: string): Promise<Stage> {
  const { createProject } = await client.call<{ createProject: { project: { id: string } } }>(
    `mutation ($input: CreateProjectInput!) { createProject(input: $input) { ${PAYLOAD} project { id } } }`,
    { input: { name } },
  );
  const projectId = createProject.project.id;
  const { createTeam } = await client.call<{ createTeam: { team: { id: string } } }>(
    `mutation ($input: CreateTeamInput!) { createTeam(input: $input) { ${PAYLOAD} team { id } } }`,
    { input: { projectId, name: 'Release' } },
  );
  return { client, auto, projectId, teamId: createTeam.team.id };
}

/** A key of the scene's project, for whoever else plays in it. */
export async function makeKey({ client, projectId }: Stage, name: string, role: string): Promise<string> {
  const { createApiKey } = await client.call<{ createApiKey: { secret: string } }>(
    `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ${PAYLOAD} secret } }`,
    { input: { name, role, projectId } },
  );
  return createApiKey.secret;
}

/** Begins a session of the scripted runner. */
export async function begin({ client, teamId }: Stage, name: string, scenario: string): Promise<string> {
  const { createSession } = await client.call<{ createSession: { session: { id: string } } }>(
    `mutation ($input: CreateSessionInput!) { createSession(input: $input) { ${PAYLOAD} session { id } } }`,
    { input: { teamId, runner: 'scripted', initialMessage: 'Release version 2.0', context: { scenario } } },
  );
  console.log(`${name.padEnd(14)} ${createSession.session.id}`);
  return createSession.session.id;
}

export interface Question {
  id: string;
  message: string;
  options: { id: string; label: string; description: string; recommended: boolean }[];
}

export interface PendingApproval {
  id: string;
  kind: 'AGENT_CALL' | 'RESPONSE';
  summary: string;
  requiredRole: string;
  inputData?: Record<string, unknown>;
  agentResponse?: unknown;
  riskAssessment?: { level: string; factors: { level: string; message: string }[] };
  riskFlags?: { level: string; message: string }[];
}

interface Seen {
  status: string;
  result: unknown;
  failureReason: string | null;
  currentIntervention: Question | null;
  approvals: { nodes: (PendingApproval & { status: string })[] };
}

const SESSION = `status result failureReason
  currentIntervention { id message options { id label description recommended } }
  approvals(first: 10) { nodes { id kind status summary requiredRole
    ... on AgentCallApproval { inputData riskAssessment { level factors { level message } } }
    ... on ResponseApproval { agentResponse riskFlags { level message } } } }`;
const OVER = new Set(['COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED']);

/** What people do when something waits for them. */
export interface People {
  answer?: (question: Question) => Promise<void>;
  approve?: (approval: PendingApproval) => Promise<void>;
}

/** Follows a session to its end: subscribes first, then looks, so that nothing falls in between (behaviour 9.3). */
export async function follow({ client }: Stage, name: string, id: string, people: People): Promise<void> {
  const updates = client.socket.iterate<{ sessionUpdates: Seen }>({
    query: `subscription ($id: ID) { sessionUpdates(sessionId: $id) { ${SESSION} } }`,
    variables: { id },
  });
  // On the same socket: what was subscribed to before a query is live once that is answered.
  const look = async () =>
    (
      await client.callBySocket<{ session: Seen }>(`query ($id: ID!) { session(id: $id) { ${SESSION} } }`, {
        id,
      })
    ).session;
  let last = '';
  const met = new Set<string>();
  const meet = async <Thing extends { id: string }>(thing: Thing, act?: (thing: Thing) => Promise<void>) => {
    if (met.has(thing.id)) return;
    met.add(thing.id);
    await act?.(thing);
  };
  const tell = async (seen: Seen): Promise<boolean> => {
    if (seen.status !== last) console.log(`${name.padEnd(14)} ${seen.status}`);
    last = seen.status;
    if (seen.currentIntervention) await meet(seen.currentIntervention, people.answer);
    for (const approval of seen.approvals.nodes)
      if (approval.status === 'PENDING') await meet(approval, people.approve);
    if (!OVER.has(seen.status)) return false;
    console.log(`${name.padEnd(14)} ${seen.failureReason ?? JSON.stringify(seen.result)}`);
    return true;
  };
  let next = updates.next();
  let over = await tell(await look());
  while (!over) {
    const update = await next;
    if (update.done) throw new Error(`the updates of ${name} ended before it did`);
    next = updates.next();
    over = await tell(unwrap(update.value as { data?: { sessionUpdates: Seen } }).sessionUpdates);
  }
  // The one still awaited resolves with the end.
  void next.catch(() => {});
  await updates.return?.();
}

const STANDING = 'id status rejectionReason';

/** Waits until an approval is settled: subscribes first, then looks. Rejects where it was not given. */
export async function granted({ client, projectId }: Stage, id: string): Promise<void> {
  interface Standing {
    id: string;
    status: string;
    rejectionReason: string | null;
  }
  const updates = client.socket.iterate<{ approvalUpdates: Standing }>({
    query: `subscription ($projectId: ID) { approvalUpdates(projectId: $projectId) { ${STANDING} } }`,
    variables: { projectId },
  });
  let next = updates.next();
  const { approval } = await client.callBySocket<{ approval: Standing }>(
    `query ($id: ID!) { approval(id: $id) { ${STANDING} } }`,
    { id },
  );
  let standing = approval;
  while (standing.status === 'PENDING') {
    const update = await next;
    if (update.done) throw new Error('the updates of approvals ended');
    next = updates.next();
    const told = unwrap(update.value as { data?: { approvalUpdates: Standing } }).approvalUpdates;
    if (told.id === id) standing = told;
  }
  void next.catch(() => {});
  await updates.return?.();
  if (standing.status !== 'APPROVED')
    throw new Error(
      `The approval is ${standing.status} (${standing.rejectionReason ?? 'no reason given'}): the scene ends here.`,
    );
}

/** Does it, or says how it is done. */
export async function doOrSay(
  { client, auto }: Stage,
  what: string,
  query: string,
  variables: Record<string, unknown>,
): Promise<void> {
  if (auto) {
    await client.callBySocket(query, variables);
    console.log(`  done by this script: ${what}\n`);
  } else console.log(`\n${what}, for instance so:\n\n  ${client.inShell(query, variables)}\n`);
}

const RESPOND = `mutation ($id: ID!, $response: ApprovalResponseInput!) { respondToApproval(id: $id, response: $response) { ${PAYLOAD} } }`;

export const respond = (stage: Stage, id: string, what: string, response: Record<string, unknown>) =>
  doOrSay(stage, what, RESPOND, { id, response });

/** `who`: the agent that asks. */
export function show(who: string, { kind, summary, requiredRole, ...approval }: PendingApproval): void {
  const what = kind === 'AGENT_CALL' ? 'asks to make a call' : 'hands in its answer';
  console.log(`\n${who} ${what}  (to be decided by ${requiredRole} or above)\n  ${summary}`);
  console.log(`  ${JSON.stringify(approval.inputData ?? approval.agentResponse)}`);
  const { level, factors = [] } = approval.riskAssessment ?? { level: '', factors: approval.riskFlags };
  if (level) console.log(`  risk ${level}`);
  for (const factor of factors) console.log(`  ${factor.level.padEnd(8)} ${factor.message}`);
}
