import { beforeAll } from 'vitest';
import { respondToApproval, type RespondInput } from '../../src/approvals/respond.ts';
import type { Database } from '../../src/database/open.ts';
import { triggerStop } from '../../src/emergency/trigger.ts';
import type { Approval, RecoveryStep } from '../../src/generated/prisma/client.ts';
import type { RecoveryType, StopCondition } from '../../src/generated/prisma/enums.ts';
import type { Viewer } from '../../src/identity/viewer.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { cancelRecovery } from '../../src/recovery/cancel.ts';
import type { RecoveryDeps } from '../../src/recovery/deps.ts';
import { executeRecoveryStep } from '../../src/recovery/execute-step.ts';
import { initiateRecovery } from '../../src/recovery/initiate.ts';
import { findUnfinished, proceed } from '../../src/recovery/proceed.ts';
import { onPlanSettled, onStepSettled } from '../../src/recovery/settled.ts';
import { silent, withDatabase } from '../support/database.ts';
import { type House, openHouse, seedTeam, type Team, verbs } from '../support/house.ts';
import { approvalActs } from '../approvals/acts.ts';

export interface RecoveryHouse extends House {
  recovery: RecoveryDeps;
  /** The recoveries that a worker was told of with a change that stands or was tried. */
  jobs: string[];
}

/** The verbs of recoveries, with those of all rooms that they take part in. */
export function openRecoveryHouse(
  database: Pick<Database, 'kind' | 'prisma' | 'query' | 'signals'>,
  clock: Clock,
): RecoveryHouse {
  const house = openHouse(database, clock);
  const jobs: string[] = [];
  const recovery: RecoveryDeps = {
    ...house.emergency,
    prisma: database.prisma,
    log: silent,
    enqueueRecoveries: async (_, ids) => void jobs.push(...ids),
    onSettled: {
      RECOVERY_PLAN: (tx, settlement) => onPlanSettled(tx, recovery, settlement),
      RECOVERY_STEP: (tx, settlement) => onStepSettled(tx, recovery, settlement),
    },
  };
  return { ...house, deps: { ...house.deps, onSettled: recovery.onSettled }, recovery, jobs };
}

/** Shorthands: the verbs with the arguments that a test does not care about filled in. */
export function recoveryActs({ deps, recovery }: RecoveryHouse, team: Team) {
  const { prisma } = deps;
  const { projectId, manager, admin } = team;
  const read = (id: string) =>
    prisma.recoverySession.findUniqueOrThrow({
      where: { id },
      include: { steps: { orderBy: { position: 'asc' } } },
    });
  const pending = (recoveryId: string): Promise<Approval | null> =>
    prisma.approval.findFirst({ where: { recoveryId, status: 'PENDING' } });
  const vote = async (id: string, input: Partial<RespondInput> = {}, by: Viewer = admin) =>
    (await respondToApproval(deps, by, id, { verdict: 'APPROVE', ...input })).reply;
  const current = async (id: string): Promise<RecoveryStep | null> =>
    (await read(id)).steps.find(({ status }) => status !== 'COMPLETED' && status !== 'SKIPPED') ?? null;
  const execute = (recoverySessionId: string, stepId: string, note: string | null = null, by = manager) =>
    executeRecoveryStep(recovery, by, { recoverySessionId, stepId, note });

  return {
    stop: async (conditions: StopCondition[] = ['MANUAL_STOP'], reason = 'smoke') =>
      (await triggerStop(recovery, {
        projectId,
        conditions,
        severity: 'CRITICAL',
        reason,
        actor: team.operator.actor,
      }))!,
    stopInForce: async () => (await prisma.project.findUniqueOrThrow({ where: { id: projectId } })).stopId,
    initiate: (recoveryType: RecoveryType = 'GUIDED', by = manager) =>
      initiateRecovery(recovery, by, { projectId, recoveryType }),
    read,
    pending,
    vote,
    current,
    execute,
    cancel: (recoverySessionId: string, reason: string | null = null, by = manager) =>
      cancelRecovery(recovery, by, { recoverySessionId, reason }),
    /** What a worker would do by now. */
    work: async () => {
      for (;;) {
        const found = await findUnfinished(prisma);
        if (found.length === 0) return;
        for (const id of found) await proceed(recovery, id);
      }
    },
    /** Initiated, and its plan approved. */
    begun: async (
      recoveryType: RecoveryType = 'GUIDED',
      modifications: RespondInput['modifications'] = null,
    ) => {
      const { recoveryId, approvalId } = await initiateRecovery(recovery, manager, {
        projectId,
        recoveryType,
      });
      await vote(approvalId, { modifications });
      return recoveryId;
    },
    /** Asks for the step whose turn it is, has it approved and runs it; answers with it as it then stands. */
    take: async (id: string, note: string | null = null): Promise<RecoveryStep> => {
      const step = (await current(id))!;
      const { approvalId } = await execute(id, step.id, note);
      await vote(approvalId!);
      await execute(id, step.id, note);
      return prisma.recoveryStep.findUniqueOrThrow({ where: { id: step.id } });
    },
    /** Step by step to its end, or to the first that fails. */
    async finish(id: string, note: string | null = null): Promise<void> {
      for (let step = await current(id); step !== null; step = await current(id)) {
        const after = await this.take(id, note);
        if (after.status !== 'COMPLETED') return;
      }
    },
  };
}

/** A house with a team, and a project of its own, for the tests of one verb. */
export function withRecovery() {
  const database = withDatabase();
  const scene = {} as {
    house: RecoveryHouse;
    team: Team;
    act: ReturnType<typeof verbs>;
    call: ReturnType<typeof approvalActs>;
    recover: ReturnType<typeof recoveryActs>;
  };
  /** Another project: a stop is all of a project's. */
  const fresh = async () => {
    scene.team = await seedTeam(scene.house);
    scene.act = verbs(scene.house, scene.team);
    scene.call = approvalActs(scene.house, scene.team);
    scene.recover = recoveryActs(scene.house, scene.team);
  };
  beforeAll(() => {
    scene.house = openRecoveryHouse(database(), database().clock);
  });
  return {
    scene,
    fresh,
    database,
    clock: () => database().clock,
    session: (id: string) => scene.house.deps.prisma.session.findUniqueOrThrow({ where: { id } }),
    task: (id: string) => scene.house.deps.prisma.task.findUniqueOrThrow({ where: { id } }),
    intervention: (id: string) => scene.house.deps.prisma.intervention.findUniqueOrThrow({ where: { id } }),
    approval: (id: string) => scene.house.deps.prisma.approval.findUniqueOrThrow({ where: { id } }),
  };
}
