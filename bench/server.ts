import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { RawHttp } from './raw-http.ts';

export type DatabaseKind = 'embedded' | 'postgres';

export interface BenchServer {
  port: number;
  key: string;
  graphql<T>(query: string, variables?: object): Promise<T>;
  stop(): Promise<void>;
  process: ChildProcess;
}

const ADMIN = 'bench-admin-key-that-nobody-else-has';

export const postgresUrl = process.env.TEST_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';

/** A database of the bench's own on the server; null where none answers. */
export async function makeDatabase(): Promise<{ url: string; drop: () => Promise<void> } | null> {
  const name = `holdpoint_bench_${randomBytes(4).toString('hex')}`;
  const admin = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: postgresUrl, connectionTimeoutMillis: 2000 });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  try {
    await admin(`CREATE DATABASE ${name}`);
  } catch {
    return null;
  }
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => admin(`DROP DATABASE ${name} WITH (FORCE)`) };
}

/** The product as it ships, in a process of its own. */
export async function startServer(env: Record<string, string>): Promise<BenchServer> {
  const child = spawn(
    process.execPath,
    [...(process.env.BENCH_NODE_ARGS?.split(' ') ?? []), new URL('../src/main.ts', import.meta.url).pathname],
    {
      env: { ...process.env, PORT: '0', LOG_LEVEL: 'error', ADMIN_API_KEY: ADMIN, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    let text = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk;
      const match = /127\.0\.0\.1:(\d+)/.exec(text);
      if (match) resolve(Number(match[1]));
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  const http = new RawHttp(port, '/graphql', `Bearer ${ADMIN}`);
  return {
    port,
    key: ADMIN,
    process: child,
    async graphql<T>(query: string, variables = {}) {
      const { data, errors } = await http.post<{ data: T; errors?: unknown }>(
        JSON.stringify({ query, variables }),
      );
      if (errors) throw new Error(JSON.stringify(errors));
      return data;
    },
    async stop() {
      http.close();
      child.removeAllListeners('exit');
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** A project with teams; sessions of an external agent, spread over the teams. */
export async function seed(server: BenchServer, { teams, sessions }: { teams: number; sessions: number }) {
  type Made = { createProject: { project: { id: string } } };
  const { createProject } = await server.graphql<Made>(
    'mutation { createProject(input: {name: "bench"}) { project { id } } }',
  );
  const projectId = createProject.project.id;
  const teamIds: string[] = [];
  for (let i = 0; i < teams; i++) {
    const { createTeam } = await server.graphql<{ createTeam: { team: { id: string } } }>(
      'mutation ($projectId: ID!) { createTeam(input: {projectId: $projectId, name: "bench"}) { team { id } } }',
      { projectId },
    );
    teamIds.push(createTeam.team.id);
  }
  const sessionIds: string[] = [];
  for (let i = 0; i < sessions; i++) {
    const { createSession } = await server.graphql<{ createSession: { session: { id: string } } }>(
      'mutation ($teamId: ID!) { createSession(input: {teamId: $teamId, initialMessage: "bench"}) { session { id } } }',
      { teamId: teamIds[i % teams] },
    );
    sessionIds.push(createSession.session.id);
  }
  return { projectId, teamIds, sessionIds };
}
