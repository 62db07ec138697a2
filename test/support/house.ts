import { afterEach, expect } from 'vitest';
import { newBudget } from '../../src/budgets/limits.ts';
import { insertBudgets } from '../../src/budgets/open-budgets.ts';
import type { Database } from '../../src/database/open.ts';
import type { Query } from '../../src/database/query.ts';
import type { Role } from '../../src/identity/permissions.ts';
import type { Viewer } from '../../src/identity/viewer.ts';
import { acknowledgeResponse } from '../../src/interventions/acknowledge.ts';
import { cancelIntervention } from '../../src/interventions/cancel.ts';
import { claimIntervention } from '../../src/interventions/claim.ts';
import { escalateIntervention, type EscalateInput } from '../../src/interventions/escalate.ts';
import { expireIntervention } from '../../src/interventions/expire.ts';
import { releaseIntervention } from '../../src/interventions/release.ts';
import { requestIntervention, type RequestInput } from '../../src/interventions/request.ts';
import { resolveIntervention, type ResolveInput } from '../../src/interventions/resolve.ts';
import { provideCustomResponse, type RespondInput } from '../../src/interventions/respond.ts';
import { resumeSession, type ResumeInput } from '../../src/interventions/resume.ts';
import { selectInterventionOption, type SelectOptionInput } from '../../src/interventions/select-option.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { DomainError, type ErrorCode } from '../../src/kernel/errors.ts';
import { createIds } from '../../src/kernel/ids.ts';
import { createAgentTouches } from '../../src/sessions/agents.ts';
import { waitsForHuman } from '../../src/sessions/rules.ts';
import type { Change } from '../../src/sessions/aggregate.ts';
import { createChangeSession } from '../../src/sessions/change.ts';
import type { ApprovalDeps } from '../../src/approvals/seams.ts';
import type { Announcement } from '../../src/events/changes.ts';
import type { SessionDeps } from '../../src/sessions/deps.ts';
import { createSession, type StartInput } from '../../src/sessions/start.ts';
import { expectApprovalInvariants } from './approval-invariants.ts';
import { controls } from './controls.ts';
import { silent } from './database.ts';
import { testPrivacy } from './vault.ts';
import type { Log } from '../../src/kernel/log.ts';
import type { WordDeps } from '../../src/privacy/privacy.ts';
import type { LiftDeps } from '../../src/emergency/deps.ts';
import { createStops } from '../../src/emergency/stops.ts';

/** The verbs of sessions and interventions over one database, in one process: two of them are two replicas. */
export interface House {
  deps: ApprovalDeps;
  /** The sessions whose drive was enqueued with a change that stands, in order. */
  drives: string[];
  /** What was announced, in order. */
  announced: Change[];
  /** What stopping and lifting work with. */
  emergency: LiftDeps & WordDeps & { log: Log };
  /** What was announced beside the sessions' changes, in order. */
  told: Announcement[];
}

/** `clock` may differ from another replica's, as clocks do. */
export function openHouse(
  database: Pick<Database, 'kind' | 'prisma' | 'query' | 'signals'>,
  clock: Clock,
): House {
  const ids = createIds(clock);
  const drives: string[] = [];
  const announced: Change[] = [];
  const told: Announcement[] = [];
  const emergency: House['emergency'] = {
    database,
    clock,
    ids,
    changes: { announce: (announcement) => void told.push(announcement) },
    committed: () => {},
    enqueueDrives: async (_, sessionIds) => void drives.push(...sessionIds),
    wakeSweeps: () => {},
    ...testPrivacy(database, clock, ids),
    log: silent,
  };
  const looked: string[] = [];
  const emergencyStops = createStops(emergency);
  const stops: typeof emergencyStops = {
    ...emergencyStops,
    async look(projectId) {
      looked.push(projectId);
      await emergencyStops.look(projectId);
    },
  };
  const changeSession = createChangeSession({
    database,
    clock,
    ids,
    touches: createAgentTouches(clock, ids),
    privacy: emergency.privacy,
    vault: emergency.vault,
    // Where the transaction rolls back, nothing was enqueued: what stands is told by announce.
    enqueueDrives: async (tx) => void (await tx.$queryRawUnsafe('SELECT 1')),
    stops,
    announce(changes) {
      announced.push(...changes);
      drives.push(...changes.filter(({ drive }) => drive).map(({ session }) => session.id));
    },
  });
  const runners: ApprovalDeps['runners'] = {
    fault: (runner) =>
      runner === 'external' || runner === 'inside'
        ? null
        : {
            code: 'INVALID_INPUT',
            message: `there is no runner ${JSON.stringify(runner)}`,
            path: ['runner'],
          },
  };
  const deps: ApprovalDeps = {
    ...emergency,
    database,
    prisma: database.prisma,
    changeSession,
    clock,
    ids,
    stops,
    vault: emergency.vault,
    privacy: emergency.privacy,
    runners,
    ...controls,
    changes: emergency.changes,
    committed: emergency.committed,
  };
  return { deps, drives, announced, emergency, told };
}

/** A project with a team, and whoever acts in it. */
export interface Team {
  projectId: string;
  teamId: string;
  agent: Viewer;
  viewer: Viewer;
  operator: Viewer;
  /** Another person of the same role. */
  colleague: Viewer;
  supervisor: Viewer;
  manager: Viewer;
  admin: Viewer;
  /** An ADMIN of another project. */
  stranger: Viewer;
}

export async function seedTeam({
  deps,
}: {
  deps: Pick<SessionDeps, 'prisma' | 'ids' | 'clock'>;
}): Promise<Team> {
  const { prisma, ids, clock } = deps;
  const createdAt = clock.now();
  const [projectId, elsewhere] = [ids.next('project'), ids.next('project')];
  const teamId = ids.next('team');
  await prisma.project.createMany({
    data: [projectId, elsewhere].map((id) => ({ id, name: 'a project', createdAt })),
  });
  await prisma.$transaction((tx) =>
    insertBudgets(
      tx,
      [projectId, elsewhere].map((id) => newBudget(id, 'UTC', createdAt)),
    ),
  );
  await prisma.team.create({
    data: { id: teamId, projectId, name: 'a team', createdAt, queue: { create: {} } },
  });
  const person = async (role: Role, project = projectId, name = role.toLowerCase()): Promise<Viewer> => {
    const id = ids.next('user');
    await prisma.user.create({ data: { id, name, role, projectId: project, createdAt } });
    return {
      actor: { kind: 'USER', id, name, role },
      role,
      projectId: project,
      credentialId: ids.next('key'),
      expiresAt: null,
    };
  };
  const credentialId = ids.next('key');
  return {
    projectId,
    teamId,
    agent: {
      actor: { kind: 'AGENT', id: credentialId, name: 'agents', role: 'AGENT' },
      role: 'AGENT',
      projectId,
      credentialId,
      expiresAt: null,
    },
    viewer: await person('VIEWER'),
    operator: await person('OPERATOR'),
    colleague: await person('OPERATOR', projectId, 'colleague'),
    supervisor: await person('SUPERVISOR'),
    manager: await person('MANAGER'),
    admin: await person('ADMIN'),
    stranger: await person('ADMIN', elsewhere),
  };
}

/** Shorthands: the verbs with the arguments that a test does not care about filled in. Each answers with the reply. */
export function verbs({ deps }: House, team: Team) {
  const reply = async <T>(change: Promise<{ reply: T }>): Promise<T> => (await change).reply;
  return {
    start: async (input: Partial<StartInput> = {}) =>
      (
        await reply(
          createSession(deps, team.agent, { teamId: team.teamId, initialMessage: 'begin', ...input }),
        )
      ).sessionId,
    ask: async (sessionId: string, input: Partial<RequestInput> = {}) =>
      (
        await reply(
          requestIntervention(deps, team.agent, {
            sessionId,
            agentName: 'ada',
            type: 'DECISION',
            message: 'may I?',
            ...input,
          }),
        )
      ).interventionId,
    resolve: (id: string, input: Partial<ResolveInput> = {}, by = team.operator) =>
      reply(resolveIntervention(deps, by, id, { resolutionType: 'APPROVE', ...input })),
    select: (id: string, input: SelectOptionInput, by = team.operator) =>
      reply(selectInterventionOption(deps, by, id, input)),
    respond: (id: string, input: Partial<RespondInput> = {}, by = team.operator) =>
      reply(
        provideCustomResponse(deps, by, id, { responseText: 'as I say', responseType: 'advice', ...input }),
      ),
    resume: (sessionId: string, input: Partial<ResumeInput> = {}, by = team.operator) =>
      reply(resumeSession(deps, by, sessionId, { responseType: 'approve', content: 'go on', ...input })),
    escalate: (id: string, input: Partial<EscalateInput> = {}, by = team.operator) =>
      reply(escalateIntervention(deps, by, id, { reason: 'above me', ...input })),
    claim: (id: string, by = team.operator) => reply(claimIntervention(deps, by, id)),
    release: (id: string, by = team.operator) => reply(releaseIntervention(deps, by, id)),
    cancel: (id: string, reason: string | null = null, by = team.agent) =>
      reply(cancelIntervention(deps, by, id, reason)),
    acknowledge: (id: string, by = team.agent) => reply(acknowledgeResponse(deps, by, id)),
    /** The clock's verb, at whatever time it is. */
    sweep: (id: string) => expireIntervention(deps, id),
  };
}

/** Everything that the verbs may change, so that a test can show what is left untouched. */
export type Everything = Awaited<ReturnType<typeof everything>>;

export async function everything({ deps: { prisma } }: House) {
  const byId = { orderBy: { id: 'asc' } } as const;
  return {
    sessions: await prisma.session.findMany(byId),
    interventions: await prisma.intervention.findMany(byId),
    turns: await prisma.conversationTurn.findMany(byId),
    tasks: await prisma.task.findMany(byId),
    agents: await prisma.agent.findMany(byId),
    queues: await prisma.interventionQueue.findMany({ orderBy: { teamId: 'asc' } }),
    events: await prisma.unsealedEvent.findMany({ orderBy: { sequence: 'asc' } }),
    keys: await prisma.idempotencyKey.findMany({ orderBy: { key: 'asc' } }),
    approvals: await prisma.approval.findMany(byId),
    votes: await prisma.approvalVote.findMany({ orderBy: [{ approvalId: 'asc' }, { decidedAt: 'asc' }] }),
    budgets: await prisma.budget.findMany(byId),
    standing: await prisma.standingApproval.findMany(byId),
    reservations: await prisma.budgetReservation.findMany(byId),
    signals: await prisma.stopSignal.findMany({ orderBy: { sequence: 'asc' } }),
  };
}

/** The refusal's code; fails where it was granted, or broke. */
export async function refusal(attempt: Promise<unknown>): Promise<ErrorCode> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
  throw new Error('it was granted');
}

/** Refused with this code, and not one row is other than before. */
export async function refusedWithoutTrace(
  house: House,
  code: ErrorCode,
  attempt: () => Promise<unknown>,
): Promise<void> {
  const before = await everything(house);
  expect(await refusal(attempt())).toBe(code);
  expect(await everything(house)).toEqual(before);
}

/** The events written while `act` ran: type, subject, data, and who. */
export async function eventsOf({ deps: { prisma } }: House, act: () => Promise<unknown>) {
  const [last] = await prisma.unsealedEvent.findMany({ orderBy: { sequence: 'desc' }, take: 1 });
  await act();
  const rows = await prisma.unsealedEvent.findMany({
    where: { sequence: { gt: last?.sequence ?? 0n } },
    orderBy: { sequence: 'asc' },
  });
  return rows.map(({ type, subjectId, data, actor }) => ({
    type,
    subjectId,
    data,
    by: (actor as { id: string }).id,
  }));
}

/**
 * The database as one that can be held between a change's read and its write: `hold` is awaited before each write, and
 * told how many there were before it.
 */
export function heldBeforeWriting<Held extends Pick<Database, 'prisma' | 'query'>>(
  database: Held,
  hold: (writes: number) => Promise<void>,
): Held {
  let writes = 0;
  const prisma = new Proxy(database.prisma, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== '$transaction') return value;
      // A change that drives a runner is written in a transaction. Held before it begins: the embedded database has one.
      return async (work: Parameters<typeof target.$transaction>[0]) => {
        await hold(writes++);
        return target.$transaction(work as never);
      };
    },
  });
  const query: Query = async (statement) => {
    // The write is the statement with the WITH; the read has none.
    if (statement.text.trimStart().startsWith('WITH')) await hold(writes++);
    return database.query(statement);
  };
  return { ...database, prisma, query };
}

export const seconds = (from: Date, to: Date | null): number | null =>
  to === null ? null : (to.getTime() - from.getTime()) / 1000;

/** Invariants that hold after every change, whatever it was (sessions/rules.ts): checked after each test of a file. */
export function keepsInvariants(house: () => House): void {
  afterEach(() => expectInvariants(house()));
}

export async function expectInvariants(house: House): Promise<void> {
  const all = await everything(house);
  const { sessions, interventions, queues } = all;
  expectApprovalInvariants(all);
  for (const session of sessions) {
    const mine = interventions.filter(({ sessionId }) => sessionId === session.id);
    const pending = mine.filter(({ status }) => status === 'PENDING');
    expect(waitsForHuman(session), `${session.id} is ${session.status}`).toBe(pending.length > 0);
    expect(session.haltedFrom !== null, 'halted from').toBe(session.status === 'HALTED');
    expect(session.currentInterventionId).toBe(pending[0]?.id ?? null);
    expect(session.interventionCount).toBe(mine.length);
    const open = mine.filter((item) => item.open);
    const timedOut = open.filter(({ status }) => status === 'TIMEOUT');
    if (['COMPLETED', 'FAILED', 'CANCELLED'].includes(session.status)) expect(open).toEqual([]);
    if (session.status === 'TIMEOUT') {
      expect(session.staleAt).toBeNull();
      if (timedOut.length === 0) expect(session.failureReason).toBe('no activity for 24 hours');
    }
    for (const item of mine) {
      expect(item.frozenAt !== null, 'frozen').toBe(item.status === 'PENDING' && session.status === 'HALTED');
      if (item.frozenAt !== null) expect(item.dueAt).toBeNull();
      if (item.status === 'PENDING')
        expect([item.open, item.response, item.resolvedAt]).toEqual([true, null, null]);
      else expect([item.dueAt, item.expiresAt]).toEqual([null, null]);
      if (item.status === 'RESOLVED') expect(item.response).not.toBeNull();
      if (item.status === 'PENDING' || item.status === 'CANCELLED') expect(item.response).toBeNull();
    }
  }
  for (const queue of queues) {
    const pending = interventions.filter(
      ({ teamId, status }) => teamId === queue.teamId && status === 'PENDING',
    );
    expect(queue.pending).toBe(pending.length);
  }
}
