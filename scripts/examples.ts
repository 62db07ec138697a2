// npm run example -- NAME … [--reject]: runs some of examples/ from beginning to end on this machine alone: with a Holdpoint in
// memory, a stand-in for the model, and a person who approves (or rejects) whatever is asked. `--list` names them. On a
// server and a model of your own, set the variables that are printed and run the file itself.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startModel } from './examples/stand-in-model.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = (file: string) => [process.execPath, file];
const examples: Record<string, string[]> = {
  'ai-sdk': node('examples/ai-sdk/agent.ts'),
  'openai-agents': node('examples/openai-agents/agent.ts'),
  langgraph: node('examples/langgraph/agent.ts'),
  python: ['python3', 'examples/python/agent.py'],
  shell: ['sh', 'examples/shell/agent.sh'],
};

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean' }, reject: { type: 'boolean' } },
});
if (flags.list === true) {
  console.log(Object.keys(examples).join('\n'));
  process.exit(0);
}
if (positionals.length === 0 || positionals.some((name) => !Object.hasOwn(examples, name))) {
  console.error(`npm run example -- <${Object.keys(examples).join('|')}> … [--reject]`);
  process.exit(2);
}

const ADMIN_KEY = crypto.randomUUID();
const server = spawn(process.execPath, ['src/main.ts'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    PATH: process.env.PATH,
    PORT: '0',
    DATA_DIR: 'memory://',
    LOG_LEVEL: 'warn',
    ADMIN_API_KEY: ADMIN_KEY,
  },
});
const url = await new Promise<string>((resolve, reject) => {
  let said = '';
  server.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    const found = /ready at (http\S+)\/graphql/.exec(said);
    if (found) resolve(found[1]!);
  });
  server.once('exit', () => reject(new Error(`the server ended: ${said}`)));
});

async function graphql(key: string, query: string, variables: object = {}): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: any; errors?: { message: string }[] };
  if (errors) throw new Error(errors[0]!.message);
  return data;
}
const keyFor = async (role: string, projectId: string): Promise<string> =>
  (
    await graphql(
      ADMIN_KEY,
      'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }',
      {
        input: { name: `example ${role}`, role, projectId },
      },
    )
  ).createApiKey.secret as string;

const { createProject } = await graphql(
  ADMIN_KEY,
  'mutation { createProject(input: {name: "examples"}) { project { id } } }',
);
const projectId: string = createProject.project.id;
const { createTeam } = await graphql(
  ADMIN_KEY,
  'mutation($id: ID!) { createTeam(input: {projectId: $id, name: "janitors"}) { team { id } } }',
  { id: projectId },
);
const person = await keyFor('SUPERVISOR', projectId);
const model = await startModel();
const variables = {
  HOLDPOINT_URL: url,
  HOLDPOINT_TOKEN: await keyFor('AGENT', projectId),
  HOLDPOINT_TEAM: createTeam.team.id as string,
  OPENAI_BASE_URL: model.url,
  OPENAI_API_KEY: 'stand-in',
  MODEL: 'stand-in',
};

/** A person who looks twice a second, and says the same to everything. */
let watching = true;
async function decide(): Promise<void> {
  const verdict = flags.reject === true ? 'REJECT' : 'APPROVE';
  while (watching) {
    const { interventions, approvals } = await graphql(
      person,
      '{ interventions(filter: {status: PENDING}) { nodes { id message } } approvals(filter: {status: PENDING}) { nodes { id summary } } }',
    );
    for (const { id, message } of interventions.nodes) {
      console.log(`  a person is asked: ${message}`);
      await graphql(
        person,
        'mutation($id: ID!, $how: ResolutionType!) { resolveIntervention(id: $id, resolution: {resolutionType: $how, reasoning: "example"}) { success } }',
        { id, how: verdict },
      );
    }
    for (const { id, summary } of approvals.nodes) {
      console.log(`  a person is asked: ${summary}`);
      await graphql(
        person,
        'mutation($id: ID!, $verdict: ApprovalVerdict!) { respondToApproval(id: $id, response: {verdict: $verdict, reason: "example"}) { success } }',
        { id, verdict },
      );
    }
    await delay(500);
  }
}
const deciding = decide();

for (const name of positionals) {
  if (positionals.length > 1) console.log(`── ${name} ──`);
  const [command, ...args] = examples[name]!;
  const agent = spawn(command!, args, {
    cwd: root,
    stdio: 'inherit',
    env: { PATH: process.env.PATH, ...variables },
  });
  const [code] = (await once(agent, 'exit')) as [number | null];
  process.exitCode = Math.max(Number(process.exitCode ?? 0), code ?? 1);
}
watching = false;
await deciding;
model.close();
server.kill();
