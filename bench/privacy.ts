import { type Database, openDatabase } from '../src/database/open.ts';
import type { Viewer } from '../src/identity/viewer.ts';
import { requestIntervention } from '../src/interventions/request.ts';
import { resolveIntervention } from '../src/interventions/resolve.ts';
import { systemClock as clock } from '../src/kernel/clock.ts';
import { createIds } from '../src/kernel/ids.ts';
import { createLog } from '../src/kernel/log.ts';
import { createPrivacy, type Privacy } from '../src/privacy/privacy.ts';
import { createSafety } from '../src/safety/safety.ts';
import { makeKey } from '../src/secrets/key-file.ts';
import { createKeyRing } from '../src/secrets/key-ring.ts';
import { createVault } from '../src/secrets/vault.ts';
import { createAgentTouches } from '../src/sessions/agents.ts';
import { createChangeSession } from '../src/sessions/change.ts';
import { createSession } from '../src/sessions/start.ts';
import type { Row } from './figures.ts';
import { type DatabaseKind, makeDatabase } from './server.ts';

const CALLERS = 32;
/** Cycles of one caller in a round; rounds with and without take turns, so that a busy machine slows both alike. */
const CYCLES = 12;
const ROUNDS = 16;

const log = createLog('warn');
const ids = createIds(clock);
const off: Privacy = {
  conceal: () => [],
  isSoon: () => true,
  look: async () => {},
  takeOut: async (_, words) => ({ words, kept: [] }),
};

const PLAIN =
  'May I deploy build 4711 of the billing service to production? All 312 tests passed, roll-back takes two minutes.';
const SENSITIVE = 'May I refund card 4539 1488 0343 6467 of grete.hollenbach@nordwind-versand.de?';

/**
 * What the look for what is sensitive costs a decision cycle (ask and answer, by the verbs, without HTTP): the time of the
 * cycles without it to that with it, in one run. Once for words in which nothing is found, which is to cost the look alone, and
 * once for words in which something is.
 */
export async function measurePrivacy(kind: DatabaseKind): Promise<Row[]> {
  const made = kind === 'postgres' ? await makeDatabase() : null;
  if (kind === 'postgres' && made === null) throw new Error('no PostgreSQL answers');
  const database = await openDatabase({ url: made?.url ?? null, dataDirectory: 'memory://', clock, log });
  const safety = createSafety({ clock });
  await safety.start();
  const privacy = createPrivacy({ ids, findSensitive: safety.findSensitive });
  const rows: Row[] = [];
  for (const [what, message] of [
    ['nothing sensitive', PLAIN],
    ['a card and a mailbox', SENSITIVE],
  ] as const) {
    const [plain, looked] = [await cyclesOn(database, off), await cyclesOn(database, privacy)];
    for (const cycles of [plain, looked]) await cycles(message);
    const spent = [0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      // Who goes first has the colder caches: by turns.
      for (const at of round % 2 === 0 ? [0, 1] : [1, 0]) spent[at]! += await [plain, looked][at]!(message);
    }
    const each = (at: number): number => spent[at]! / (ROUNDS * CALLERS * CYCLES);
    rows.push({
      line: `decision cycle with the look for what is sensitive, ${what}`,
      database: kind,
      figure: `${each(1).toFixed(3)} ms of ${each(0).toFixed(3)} ms CPU`,
      target: 'as without it',
      ratio: each(0) / each(1),
      p50: null,
      p99: null,
    });
  }
  await safety.stop();
  await database.close();
  await made?.drop();
  return rows;
}

/** Milliseconds of this process' CPU that a round of cycles takes. */
async function cyclesOn(database: Database, privacy: Privacy): Promise<(message: string) => Promise<number>> {
  const { prisma } = database;
  const stops = { look: async () => {}, confirmHalt: async () => {} };
  const vault = createVault({ database, clock, ids, keyRing: createKeyRing(makeKey().keys) });
  const changeSession = createChangeSession({
    database,
    clock,
    ids,
    stops,
    privacy,
    vault,
    touches: createAgentTouches(clock, ids),
    enqueueDrives: async () => {},
    announce: () => {},
  });
  const deps = { prisma, changeSession, clock, ids, stops, vault, runners: { fault: () => null } };
  const [projectId, teamId] = [ids.next('project'), ids.next('team')];
  const createdAt = clock.now();
  await prisma.project.create({ data: { id: projectId, name: 'bench', createdAt } });
  await prisma.team.create({
    data: { id: teamId, projectId, name: 'team', createdAt, queue: { create: {} } },
  });
  const user = await prisma.user.create({
    data: { id: ids.next('user'), name: 'someone', role: 'ADMIN', projectId, createdAt },
  });
  const viewer = (kind: 'AGENT' | 'USER', role: Viewer['role'], id: string): Viewer => ({
    actor: { kind, id, name: kind, role },
    role,
    projectId,
    credentialId: ids.next('key'),
    expiresAt: null,
  });
  const [agent, person] = [viewer('AGENT', 'AGENT', ids.next('key')), viewer('USER', 'ADMIN', user.id)];
  const sessions = await Promise.all(
    Array.from({ length: CALLERS }, () => createSession(deps, agent, { teamId, initialMessage: 'begin' })),
  );
  const cycle = async (sessionId: string, message: string): Promise<void> => {
    const input = { sessionId, agentName: 'bench', type: 'DECISION' as const, message };
    const { reply } = await requestIntervention(deps, agent, input);
    await resolveIntervention(deps, person, reply.interventionId, {
      resolutionType: 'APPROVE',
      reasoning: 'fine',
    });
  };
  return async (message) => {
    const before = process.cpuUsage();
    await Promise.all(
      sessions.map(async ({ reply: { sessionId } }) => {
        for (let at = 0; at < CYCLES; at++) await cycle(sessionId, message);
      }),
    );
    const { user: used, system } = process.cpuUsage(before);
    return (used + system) / 1000;
  };
}
