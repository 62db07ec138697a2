// npm run audit:export: the event log as JSON lines. See USAGE.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { exported, exportEvents } from '../src/events/export.ts';
import type { EventFilter } from '../src/events/filter.ts';
import { isId } from '../src/kernel/ids.ts';
import { readAudited } from '../src/supervision/audited.ts';
import { CannotRead, openLog } from './audit/open-log.ts';

const USAGE = `Usage: npm run --silent audit:export -- [--project ID] [--team ID] [--session ID] [--from TIME] [--to TIME] [--all]

Prints the events of the database that DATABASE_URL or DATA_DIR names, oldest first, one JSON object a line: what happened,
who did it, and the hashes that tie each to its chain. What was taken out as sensitive stays [masked:…]; an erased event has
no actor and no data.

  --project, --team, --session   the events of these alone
  --from TIME, --to TIME         from this time on, up to but not including that one, as ISO 8601 (2026-03-01T00:00:00Z)
  --all                          also the types of events that a team leaves out of audit.events

A PostgreSQL database is read while the server runs. The embedded one has to be stopped first, and be up to date.

Exit code: 0 done, 2 not done.`;

process.exitCode = await main().catch((error: unknown) => {
  console.error(`not exported: ${error instanceof Error ? error.message : String(error)}`);
  return 2;
});

async function main(): Promise<number> {
  const { help, all, filter } = readArguments();
  if (help) {
    console.log(USAGE);
    return 0;
  }
  const { prisma, close } = await openLog();
  // Whoever reads may have had enough: head closes the pipe.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 2));
  try {
    const audited = all ? new Map<string, never>() : await readAudited(prisma);
    for await (const page of exportEvents(prisma, filter, audited)) {
      const lines = page.map((event) => `${JSON.stringify(exported(event))}\n`).join('');
      if (!process.stdout.write(lines)) await once(process.stdout, 'drain');
    }
    return 0;
  } finally {
    await close();
  }
}

function readArguments(): { help: boolean; all: boolean; filter: EventFilter } {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { project: text, team: text, session: text, from: text, to: text, all: flag, help: flag };
  let values: { [K in keyof typeof options]?: (typeof options)[K] extends typeof flag ? boolean : string };
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw new CannotRead(`${(error as Error).message}\n\n${USAGE}`);
  }
  const id = (name: 'project' | 'team' | 'session') => {
    const value = values[name];
    if (value !== undefined && !isId(name, value))
      throw new CannotRead(`--${name} is no ${name}'s id: ${JSON.stringify(value)}`);
    return value ?? null;
  };
  const time = (name: 'from' | 'to') => {
    const value = values[name];
    if (value === undefined) return null;
    const at = new Date(value);
    if (!/^\d{4}-\d\d-\d\d/.test(value) || Number.isNaN(at.getTime()))
      throw new CannotRead(`--${name} is no ISO 8601 time: ${JSON.stringify(value)}`);
    return at;
  };
  return {
    help: values.help ?? false,
    all: values.all ?? false,
    filter: {
      projectId: id('project'),
      teamId: id('team'),
      sessionId: id('session'),
      occurredAt: { from: time('from'), to: time('to') },
    },
  };
}
