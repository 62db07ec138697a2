// npm run demo [-- --auto] [--url http://127.0.0.1:4000] [--key …]: three scripted agents on a running server, one of
// which asks a person. Prints the call that answers it; with --auto it answers itself.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createClient } from 'graphql-ws';

const { values: flags } = parseArgs({
  options: {
    auto: { type: 'boolean', default: false },
    url: { type: 'string' },
    key: { type: 'string' },
  },
});
const url = new URL(
  '/graphql',
  flags.url ?? `http://${process.env.HOST ?? '127.0.0.1'}:${process.env.PORT ?? 4000}`,
);
const keptIn = join(process.env.DATA_DIR ?? './data', 'admin-key');
const key = flags.key ?? process.env.ADMIN_API_KEY ?? (await keptKey());
/** The key as a shell finds it: secrets do not belong on a screen. */
const keyInShell =
  flags.key !== undefined
    ? '<the key of --key>'
    : process.env.ADMIN_API_KEY
      ? '$ADMIN_API_KEY'
      : `$(cat ${keptIn})`;
if (key === null) {
  console.error(
    'An ADMIN key is needed: --key, ADMIN_API_KEY, or the one that the first start of the server printed.',
  );
  process.exit(1);
}
const authorization = `Bearer ${key}`;

const socketUrl = new URL(url);
socketUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
const socket = createClient({ url: socketUrl.href, connectionParams: { authorization }, retryAttempts: 5 });

/** The server keeps the key that it made itself in its data folder. */
async function keptKey(): Promise<string | null> {
  return (await readFile(keptIn, 'utf8').catch(() => null))?.trim() ?? null;
}

interface Refusable {
  success: boolean;
  message: string;
  errors: { code: string; message: string }[];
}

function unwrap<Data>({
  data,
  errors,
}: {
  data?: Data | null;
  errors?: readonly { message: string }[];
}): Data {
  if (errors?.length || data === undefined || data === null) {
    throw new Error(errors?.map(({ message }) => message).join('; ') ?? 'the server answered nothing');
  }
  for (const payload of Object.values(data) as Partial<Refusable>[]) {
    if (payload?.success === false)
      throw new Error(payload.errors?.map(({ code, message }) => `${code}: ${message}`).join('; '));
  }
  return data;
}

async function call<Data>(query: string, variables: Record<string, unknown>): Promise<Data> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query, variables }),
  }).catch(() => {
    console.error(`No server answers at ${url.origin}; start it with: npm start`);
    process.exit(1);
  });
  return unwrap<Data>((await response.json()) as { data?: Data; errors?: { message: string }[] });
}

/** The same over the socket. */
async function callBySocket<Data>(query: string, variables: Record<string, unknown>): Promise<Data> {
  for await (const result of socket.iterate<Data>({ query, variables }))
    return unwrap<Data>(result as { data?: Data | null });
  throw new Error('the socket answered nothing');
}

const PAYLOAD = 'success message errors { code message }';

const scenarios: Record<string, string> = {
  'the deployer': `
steps:
  - say: { agent: deployer, input: "{{message}}", response: "Version 2.0 is built and tested." }
  - task: { id: deploy, agent: deployer, type: DEPLOYER, instructions: "Deploy 2.0" }
  - ask:
      id: how
      agent: deployer
      type: DECISION
      urgency: HIGH
      message: "Version 2.0 changes the database. How shall I deploy it?"
      timeout: 3600
      options:
        - { id: now, label: Now, description: "Two minutes of downtime", recommended: true }
        - { id: tonight, label: Tonight, description: "Nobody is there to watch" }
        - { id: never, label: "Not at all", description: "Leave 1.9 in place" }
      when:
        - option: now
          steps:
            - wait: 1
            - finish: { task: deploy, result: { deployed: "2.0" } }
        - option: never
          steps:
            - finish: { task: deploy, status: FAILED, result: { reason: "{{how.content}}" } }
        - default: true
          steps: [{ wait: 2 }, { finish: { task: deploy, result: { scheduled: true } } }]
  - say: { agent: deployer, input: "{{how.content}}", response: "Done as decided." }
  - complete: { result: { decision: "{{how.option.label}}", decidedBy: "{{how.respondedBy.name}}" } }`,
  'the writer': `
steps:
  - say: { agent: writer, input: "Write the release notes", response: "Half of them are done." }
  - wait: 1
  - say: { agent: writer, input: "", response: "And here is the rest." }
  - complete: { result: { pages: 2 } }`,
  'the auditor': `
steps:
  - report: { agent: auditor, type: milestone_reached, metrics: { confidence_score: 0.97 }, output: "No findings" }
  - task: { id: audit, agent: auditor, type: ANALYST, instructions: "Audit the dependencies" }
  - wait: 2
  - finish: { task: audit, result: { findings: 0 } }
  - complete: { result: { findings: 0 } }`,
};

async function prepare(): Promise<string> {
  const { createProject } = await call<{ createProject: { project: { id: string } } }>(
    `mutation ($input: CreateProjectInput!) { createProject(input: $input) { ${PAYLOAD} project { id } } }`,
    { input: { name: 'Demonstration' } },
  );
  const { createTeam } = await call<{ createTeam: { team: { id: string } } }>(
    `mutation ($input: CreateTeamInput!) { createTeam(input: $input) { ${PAYLOAD} team { id } } }`,
    { input: { projectId: createProject.project.id, name: 'Release' } },
  );
  return createTeam.team.id;
}

interface Seen {
  status: string;
  result: unknown;
  failureReason: string | null;
  currentIntervention: {
    id: string;
    message: string;
    options: { id: string; label: string; description: string; recommended: boolean }[];
  } | null;
}

const SESSION = `status result failureReason currentIntervention { id message options { id label description recommended } }`;
const OVER = new Set(['COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED']);

/** Follows a session to its end: subscribes first, then looks, so that nothing falls in between. */
async function follow(name: string, id: string): Promise<void> {
  const updates = socket.iterate<{ sessionUpdates: Seen }>({
    query: `subscription ($id: ID) { sessionUpdates(sessionId: $id) { ${SESSION} } }`,
    variables: { id },
  });
  const look = async () =>
    (await call<{ session: Seen }>(`query ($id: ID!) { session(id: $id) { ${SESSION} } }`, { id })).session;
  let last = '';
  const told = new Set<string>();
  const tell = async (seen: Seen): Promise<boolean> => {
    if (seen.status !== last) console.log(`${name.padEnd(14)} ${seen.status}`);
    last = seen.status;
    const question = seen.currentIntervention;
    if (question && !told.has(question.id)) {
      told.add(question.id);
      await decide(name, question);
    }
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

const ANSWER = `mutation ($id: ID!, $optionId: ID!) { selectInterventionOption(id: $id, optionId: $optionId) { ${PAYLOAD} sessionResumed } }`;

async function decide(
  name: string,
  { id, message, options }: NonNullable<Seen['currentIntervention']>,
): Promise<void> {
  const choice = options.find(({ recommended }) => recommended) ?? options[0]!;
  console.log(`\n${name} asks: ${message}`);
  for (const option of options)
    console.log(`  ${option.id.padEnd(8)} ${option.label}: ${option.description}`);
  if (flags.auto) {
    await callBySocket(ANSWER, { id, optionId: choice.id });
    console.log(`  answered by this script: ${choice.label}\n`);
    return;
  }
  const body = JSON.stringify({ query: ANSWER, variables: { id, optionId: choice.id } });
  console.log(`\nAnswer it, for instance so:\n`);
  console.log(
    `  curl -s ${url.href} \\\n    -H 'content-type: application/json' -H "authorization: Bearer ${keyInShell}" \\\n    -d '${body}'\n`,
  );
}

const teamId = await prepare();
const following: Promise<void>[] = [];
for (const [name, scenario] of Object.entries(scenarios)) {
  const { createSession } = await call<{ createSession: { session: { id: string } } }>(
    `mutation ($input: CreateSessionInput!) { createSession(input: $input) { ${PAYLOAD} session { id } } }`,
    { input: { teamId, runner: 'scripted', initialMessage: 'Release version 2.0', context: { scenario } } },
  );
  console.log(`${name.padEnd(14)} ${createSession.session.id}`);
  following.push(follow(name, createSession.session.id));
}
await Promise.all(following);
await socket.dispose();
